import type * as z from 'zod'
import type { stageSchema } from '../report/pass-schema.ts'
import type { Words } from '../words.ts'

/** What became of one stage; `detail` is a sentence for the operator. */
export type StageRecord = z.infer<typeof stageSchema>
export type StageName = StageRecord['stage']

/** How a stage ended: its value, or a reason. `rejects`: the revision's own fault, so it is not tried again. */
export type StageResult<T> =
  | { kind: 'ok'; value: T; detail: string }
  | { kind: 'failed'; reason: string; rejects: boolean }

export type Recorder = <T>(stage: StageName, work: () => Promise<StageResult<T>>) => Promise<StageResult<T>>

/**
 * Runs stages one after the other and hands each record on as it ends. A stage that throws has failed, and is ours to explain.
 * What a stage says may be another program's; from here on it is fit to be shown.
 */
export function createRecorder(now: () => number, words: Words, onRecord: (record: StageRecord) => void): Recorder {
  return async (stage, work) => {
    const startedAtMs = now()
    const startedAt = performance.now()
    let result: Awaited<ReturnType<typeof work>>
    try {
      result = await work()
    } catch (error) {
      result = { kind: 'failed', reason: (error as Error).message, rejects: false }
    }
    if (result.kind === 'ok') result = { ...result, detail: words(result.detail) }
    else result = { ...result, reason: words(result.reason) }
    onRecord({
      stage,
      outcome: result.kind,
      detail: result.kind === 'ok' ? result.detail : result.reason,
      startedAtMs,
      durationMs: Math.round(performance.now() - startedAt),
    })
    return result
  }
}

/** A stage that ended well: its value for the next stage, and what to tell the operator. */
export function ok<T>(value: T, detail: string): StageResult<T> {
  return { kind: 'ok', value, detail }
}
