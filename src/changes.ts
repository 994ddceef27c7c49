import type { StageRecord } from './apply/stage-record.ts'
import type { PassRecord, PassResult } from './pass-record.ts'
import type { TimelineEvent } from './timeline/event.ts'

/** What became of a revision on this node. `stages` null: it was before this agent started, and only the end is known. */
export type Change = {
  startedAtMs: number
  /** Empty for hand-written files. */
  revision: string
  subject: string
  author: string
  /** `applied`, `rejected`, `running` … */
  outcome: string
  well: boolean
  reason: string
  stages: readonly StageRecord[] | null
}

/** The newest `count` changes, newest first: those of this agent with their stages, those before it from the timeline. */
export function changesOf(
  passes: readonly PassRecord[],
  events: readonly TimelineEvent[],
  count: number,
): readonly Change[] {
  const known = new Set(passes.map(({ startedAtMs }) => startedAtMs))
  const earlier = events.flatMap((event): Change[] => {
    if (event.kind !== 'release' || known.has(event.startedAtMs)) return []
    const { startedAtMs, revision, subject, author, result, release, stage, reason } = event
    const well = result === 'applied'
    const why = well ? `release ${release}` : `at ${stage}: ${reason}`
    return [{ startedAtMs, revision, subject, author, outcome: result, well, reason: why, stages: null }]
  })
  return [...passes.map(changeOf), ...earlier].sort((a, b) => b.startedAtMs - a.startedAtMs).slice(0, count)
}

function changeOf({ startedAtMs, revision, stages, result }: PassRecord): Change {
  // Back to a release of the repository: its id begins with its commit.
  const release = result.kind === 'applied' ? (/^([0-9a-f]{12})-/.exec(result.release)?.[1] ?? '') : ''
  const { sha = release, subject = '', author = '' } = revision ?? {}
  const well = ['running', 'unchanged', 'applied'].includes(result.kind)
  return { startedAtMs, revision: sha, subject, author, outcome: result.kind, well, reason: reasonOf(result), stages }
}

function reasonOf(result: PassResult): string {
  switch (result.kind) {
    case 'applied':
      return `release ${result.release}`
    case 'unchanged':
      return result.detail
    case 'rejected':
    case 'failed':
    case 'stuck':
      return `at ${result.stage}: ${result.reason}`
    case 'refused':
    case 'suspended':
      return result.reason
    case 'running':
      return result.waits ?? ''
    case 'interrupted':
      return ''
    default:
      return result satisfies never
  }
}
