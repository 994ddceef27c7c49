import type { PassRecord } from '../pass-record.ts'
import type { ReleaseEnd } from './event.ts'

const LONGEST_REASON = 1_000

/**
 * What a pass that has ended means for the timeline; undefined when it changed nothing. `finished` is the revision of an
 * apply that a dead agent had begun.
 */
export function releaseEndOf(pass: PassRecord, finished: string | undefined): ReleaseEnd | undefined {
  const { result, revision, startedAtMs, stages } = pass
  const rolledBack = stages.some(({ stage }) => stage === 'roll back')
  const common = {
    kind: 'release',
    revision: revision?.sha ?? finished ?? '',
    subject: revision?.subject ?? '',
    author: revision?.author ?? '',
    startedAtMs,
  } as const
  switch (result.kind) {
    case 'applied': {
      const reason = revision !== null ? '' : finished === undefined ? 'by hand' : 'begun by an agent that died'
      const sha = common.revision === '' ? shaOf(result.release) : common.revision
      return { ...common, revision: sha, result: 'applied', release: result.release, stage: 'watch', reason }
    }
    case 'rejected':
    case 'failed':
      if (result.kind === 'failed' && !rolledBack) return undefined
      return {
        ...common,
        ...{ result: rolledBack ? 'rolled back' : 'rejected', release: '', stage: result.stage },
        reason: result.reason.slice(0, LONGEST_REASON),
      }
    case 'stuck':
      return {
        ...common,
        result: 'rejected',
        release: '',
        stage: result.stage,
        reason: result.reason.slice(0, LONGEST_REASON),
      }
    case 'running':
    case 'unchanged':
    case 'refused':
    case 'suspended':
    case 'interrupted':
      return undefined
    default:
      return result satisfies never
  }
}

/** A release's id begins with its commit, unless its files were written by hand. */
function shaOf(release: string): string {
  return /^[0-9a-f]{12}-/.test(release) ? release.slice(0, 12) : ''
}
