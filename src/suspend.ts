import { cleanText } from './clean-text.ts'
import type { Parts } from './parts.ts'

export type SuspendRequest = {
  /** undefined: until `resume`. */
  forMs: number | undefined
  /** In the words of whoever suspends; may be empty. */
  reason: string
}

export type SuspendResult =
  | { kind: 'suspended'; untilMs: number | null; reason: string }
  /** `was`: there was something to end. */
  | { kind: 'resumed'; was: boolean }
  | { kind: 'failed'; reason: string }

/** New revisions are fetched and shown, but this node stays as it is. Its VIPs move as ever. */
export async function suspend(parts: Parts, request: SuspendRequest): Promise<SuspendResult> {
  const reason = parts.words(cleanText(request.reason))
  try {
    const { until } = await parts.suspensions.begin({ ...request, reason })
    parts.log.info({ about: 'suspension', untilMs: until, reason }, 'suspended')
    parts.timeline.add({ kind: 'suspend', on: true, untilMs: until, reason })
    return { kind: 'suspended', untilMs: until, reason }
  } catch (error) {
    return failed('the suspension cannot be remembered', error)
  }
}

/** `lookNow`: starts a look at the repository, which nobody waits for. */
export async function resume(parts: Parts, lookNow: () => void): Promise<SuspendResult> {
  try {
    const ended = await parts.suspensions.end()
    if (ended !== undefined) {
      parts.log.info({ about: 'suspension' }, 'resumed')
      parts.timeline.add({ kind: 'suspend', on: false, untilMs: null, reason: 'by hand' })
      lookNow()
    }
    return { kind: 'resumed', was: ended !== undefined }
  } catch (error) {
    return failed('the end of the suspension cannot be remembered', error)
  }
}

function failed(what: string, error: unknown): SuspendResult {
  return { kind: 'failed', reason: `${what}: ${(error as Error).message}; nothing was changed` }
}
