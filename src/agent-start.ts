import { join } from 'node:path'
import { applyRelease } from './apply/apply-release.ts'
import type { Journal } from './apply/apply-state.ts'
import { droppedVips } from './apply/dropped-vips.ts'
import { liveContents, readLivePair, removeLivePair, writeLivePair } from './apply/live-files.ts'
import { isOfAnother, unread } from './apply/release.ts'
import { createRecorder } from './apply/stage-record.ts'
import { clearServerStates } from './daemons/server-states.ts'
import { createHandOver, expectedMeanwhile } from './drain-first.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import { reject } from './reject.ts'
import { SERVER_STATE_FILE } from './render/render-target.ts'
import { watchWindow } from './watch-window.ts'

/** An apply that has cost this many agents their lives is undone instead of tried again. */
const MAX_ATTEMPTS = 2

/**
 * Finishes or undoes what a predecessor left half done: a journal means that the live pair may be mixed. Afterwards it
 * is exactly one release's.
 */
export async function recoverApply(parts: Parts, passes: PassLog, signal: AbortSignal): Promise<void> {
  const journal = await parts.state.readJournal()
  if (journal === undefined) return
  const to = await parts.store.get(journal.to)
  const from = journal.from === null ? undefined : await parts.store.get(journal.from)
  parts.log.warn({ journal }, 'an apply was interrupted')
  const undo = to === undefined || journal.attempts >= MAX_ATTEMPTS
  const target = undo ? from : to
  const pass = passes.begin(() => undefined)
  if (target === undefined) {
    const reason = await undoFirstApply(parts, journal, signal)
    return pass.end({ kind: 'rejected', stage: 'activate', reason }, journal.revision)
  }
  const rejectUndone = (): Promise<void> =>
    reject(parts, journal.revision, 'activate', `${journal.attempts} agents died while they applied it`)
  // Before the journal that counts the dead is gone: the next agent would begin the same apply with a new count.
  if (undo) await rejectUndone()
  parts.health.expect(expectedMeanwhile([from, to], target))
  pass.goesLive(target.id)
  const result = await applyRelease(
    {
      from: undo ? unread(target) : from && unread(from),
      to: target,
      revision: undo ? target.revision : journal.revision,
      attempts: journal.attempts + 1,
      live: parts.live,
      state: parts.state,
      daemons: parts.daemons,
      // Which of the two keepalived runs is not known.
      drops: [from, to].flatMap((release) => droppedVips(release, target)),
      // How far the others are, the agent that died has waited for.
      handOver: createHandOver(parts, {
        between: [from, to],
        to: target,
        revision: journal.revision,
        cause: 'by hand',
        onWait: () => undefined,
      }),
      watch: watchWindow(parts),
      onServing: () => undefined,
      record: createRecorder(parts.now, parts.words, pass.add),
      now: parts.now,
    },
    signal,
  )
  if (result.kind === 'applied' || result.kind === 'rolled back') parts.health.endMove()
  switch (result.kind) {
    case 'applied':
      // Two releases of one revision (rendered by two versions): what was applied has cleared the name of what was undone.
      if (undo && journal.revision === target.revision) await rejectUndone()
      return pass.end({ kind: 'applied', release: target.id }, undo ? target.revision : journal.revision)
    case 'interrupted':
      return pass.end({ kind: 'interrupted' })
    default:
      await reject(parts, journal.revision, result.stage, result.reason)
      return pass.end(
        { kind: result.kind === 'stuck' ? 'stuck' : 'rejected', stage: result.stage, reason: result.reason },
        journal.revision,
      )
  }
}

/** There is nothing to go back to: whatever stands half done is taken away, and the revision is not tried again. */
async function undoFirstApply(parts: Parts, journal: Journal, signal: AbortSignal): Promise<string> {
  for (const name of ['keepalived', 'haproxy'] as const) await parts.units[name].stop(signal)
  await removeLivePair(parts.live)
  const reason = `${journal.attempts} agents died while they applied it`
  await reject(parts, journal.revision, 'activate', reason)
  await parts.state.writeJournal(undefined)
  return reason
}

/**
 * Serves what was applied last, before anything is asked of the network. Files that have gone missing come back from the
 * release store; files that were edited stay as they are and show as drift.
 */
export async function startDaemons(parts: Parts, signal: AbortSignal): Promise<void> {
  const { applied } = parts.state.current()
  const release = applied === null ? undefined : await parts.store.get(applied.release)
  if (release === undefined) return
  parts.health.expect(release.expectation)
  if (isOfAnother(release, parts.config.node)) {
    const { node } = parts.config
    parts.troubles.raise(
      'node',
      `this is node ${node}, but the applied release was rendered for ${release.node}: until the repository is read, keepalived has the addresses and priorities of ${release.node}`,
    )
  }
  const live = await readLivePair(parts.live)
  if (live.haproxy === undefined || live.keepalived === undefined) {
    await writeLivePair(parts.live, {
      haproxy: live.haproxy ?? release.files.haproxy,
      keepalived: live.keepalived ?? release.files.keepalived,
    })
  }
  parts.drift.expect(liveContents(parts.live, release))
  if (parts.config.supervisor !== 'embedded') return
  for (const name of ['haproxy', 'keepalived'] as const) {
    const unit = parts.units[name]
    if (unit.state().kind === 'running') continue
    if (name === 'haproxy') await clearServerStates(join(parts.config.paths.state, SERVER_STATE_FILE))
    const outcome = await unit.reloadOrStart(signal)
    if (outcome.kind === 'done') continue
    parts.log.error({ about: name, reason: outcome.reason }, 'daemon does not start')
    // It served before: what is in its way may go away.
    unit.insist()
  }
}
