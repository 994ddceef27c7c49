import { cleanText } from './clean-text.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import { timeOfDay } from './time-text.ts'

export type SuspendRequest = {
  /** undefined: until `resume`. */
  forMs: number | undefined
  /** In the words of whoever suspends; may be empty. */
  reason: string
}

export type SuspendResult =
  /** `goingLive`: the release that was being put live when it began; that is carried through. */
  | { kind: 'suspended'; untilMs: number | null; reason: string; goingLive: string | null }
  /** `was`: there was something to end. */
  | { kind: 'resumed'; was: boolean }
  | { kind: 'failed'; reason: string }

/** Why a revision waits on this node, and the way out; undefined while it is not suspended. */
export function whySuspended({ suspensions }: Pick<Parts, 'suspensions'>, sha: string): string | undefined {
  const suspension = suspensions.current()
  if (suspension === undefined) return undefined
  const { until, reason } = suspension
  const end = until === null ? '' : ` until ${timeOfDay(until)}`
  const why = reason === '' ? '' : ` (${reason})`
  return `${sha.slice(0, 12)} waits: this node is suspended${end}${why}. To apply it: lb-agent resume`
}

/** New revisions are fetched and shown, but this node stays as it is. Its VIPs move as ever. */
export async function suspend(
  parts: Parts,
  passes: Pick<PassLog, 'goingLive'>,
  request: SuspendRequest,
): Promise<SuspendResult> {
  const reason = parts.words(cleanText(request.reason))
  try {
    const beginning = parts.suspensions.begin({ ...request, reason })
    // It holds from here on: what goes live now is all that still does.
    const goingLive = passes.goingLive() ?? null
    const { until } = await beginning
    parts.log.info({ about: 'suspension', untilMs: until, reason }, 'suspended')
    parts.timeline.add({ kind: 'suspend', on: true, untilMs: until, reason })
    return { kind: 'suspended', untilMs: until, reason, goingLive }
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
