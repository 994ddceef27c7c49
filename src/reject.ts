import type { Parts } from './parts.ts'
import { failed, type PassResult } from './pass-record.ts'

/** Remembers that a revision failed a stage, durably: it is not tried again before somebody asks for it. */
export async function reject(
  parts: Pick<Parts, 'state' | 'log' | 'now' | 'words'>,
  revision: string,
  stage: string,
  why: string,
): Promise<void> {
  const reason = parts.words(why)
  const state = parts.state.current()
  const others = state.rejected.filter((entry) => entry.revision !== revision)
  await parts.state.writeState({ ...state, rejected: [...others, { revision, stage, reason, atMs: parts.now() }] })
  parts.log.error({ about: 'release', revision, stage, reason }, 'revision rejected')
}

/** The end of a pass whose stage failed: rejected when that is the revision's own fault, otherwise tried again. */
export async function refuse(
  parts: Parts,
  sha: string,
  stage: string,
  result: { reason: string; rejects: boolean },
): Promise<PassResult> {
  if (!result.rejects) return failed(stage, result.reason)
  await reject(parts, sha, stage, result.reason)
  return { kind: 'rejected', stage, reason: result.reason }
}
