import type { StageRecord } from './apply/stage-record.ts'

/** The commit that a pass looked at. */
export type PassRevision = { sha: string; subject: string; author: string; committedAtMs: number }

/** What became of a revision on this node. */
export type PassResult =
  | { kind: 'running' }
  /** This node runs it already, or it renders the same files. */
  | { kind: 'unchanged'; detail: string }
  | { kind: 'applied'; release: string }
  /** Not tried again. */
  | { kind: 'rejected'; stage: string; reason: string }
  /** Refused for now: a rewind, or a revision that was rejected before. */
  | { kind: 'refused'; reason: string }
  /** Somebody has suspended this node; tried again all the same. */
  | { kind: 'suspended'; reason: string }
  /** The outside world failed; tried again at `nextTryAtMs` of the status. */
  | { kind: 'failed'; stage: string; reason: string }
  /** Neither the new release nor the old one could be proven. */
  | { kind: 'stuck'; stage: string; reason: string }
  | { kind: 'interrupted' }

/** One walk from the repository to the daemons. */
export type PassRecord = {
  revision: PassRevision | null
  startedAtMs: number
  endedAtMs: number | null
  stages: readonly StageRecord[]
  result: PassResult
}

/** The outside world failed at `stage`. */
export function failed(stage: string, reason: string): PassResult {
  return { kind: 'failed', stage, reason }
}
