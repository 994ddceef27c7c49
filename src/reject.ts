import type { Parts } from './parts.ts'

/** Remembers that a revision failed a stage, durably: it is not tried again before somebody asks for it. */
export async function reject(
  parts: Pick<Parts, 'state' | 'log' | 'now'>,
  revision: string,
  stage: string,
  reason: string,
): Promise<void> {
  const state = await parts.state.readState()
  const others = state.rejected.filter((entry) => entry.revision !== revision)
  await parts.state.writeState({ ...state, rejected: [...others, { revision, stage, reason, atMs: parts.now() }] })
  parts.log.error({ revision, stage, reason }, 'revision rejected')
}
