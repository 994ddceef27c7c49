import { dirname, join } from 'node:path'
import { applyRelease } from './apply/apply-release.ts'
import type { Journal } from './apply/apply-state.ts'
import { droppedVips } from './apply/dropped-vips.ts'
import { liveContents, readLivePair, removeLivePair, writeLivePair } from './apply/live-files.ts'
import { isOfAnother, type Release, unread } from './apply/release.ts'
import { ReleaseUnreadable } from './apply/release-store.ts'
import { createRecorder } from './apply/stage-record.ts'
import { clearServerStates } from './daemons/server-states.ts'
import { createHandOver, expectedMeanwhile } from './drain-first.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import { failed, type PassResult } from './pass-record.ts'
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
  parts.log.warn({ journal }, 'an apply was interrupted')
  const found = {
    to: await find(parts, journal.to),
    from: journal.from === null ? undefined : await find(parts, journal.from),
  }
  const to = releaseOf(found.to)
  const from = releaseOf(found.from)
  const pass = passes.begin(() => undefined)
  if (found.from !== undefined && found.from.kind !== 'release')
    return pass.end(await leaveAsItIs(parts, journal, found.from, to), journal.revision)
  if (found.to.kind === 'unreadable')
    return pass.end(await leaveAsItIs(parts, journal, found.to, from), journal.revision)
  const killed = journal.attempts >= MAX_ATTEMPTS
  const undo = to === undefined || killed
  const target = undo ? from : to
  if (target === undefined)
    return pass.end(
      await undoFirstApply(parts, journal, killed || found.to.kind === 'release' ? undefined : found.to.reason, signal),
      journal.revision,
    )
  const rejectUndone = async (): Promise<void> => {
    if (killed) await reject(parts, journal.revision, 'activate', whoDied(journal))
  }
  // Before the journal that counts the dead is gone: the next agent would begin the same apply with a new count.
  if (undo) await rejectUndone()
  parts.health.expect(expectedMeanwhile([from, to], target))
  pass.goesLive(target.id)
  const result = await applyRelease(
    {
      from: undo ? unread(target) : from && unread(from),
      to: target,
      revision: undo ? target.revision : journal.revision,
      // Going back is an apply of its own: who ends over that one has nothing against the release that it goes back to.
      attempts: undo ? 1 : journal.attempts + 1,
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

type Found =
  | { kind: 'release'; release: Release }
  /** `gone`: it is not there, or damaged. `unreadable`: it may be well. */
  | { kind: 'gone' | 'unreadable'; reason: string }

async function find({ store }: Pick<Parts, 'store'>, id: string): Promise<Found> {
  try {
    const release = await store.get(id)
    if (release !== undefined) return { kind: 'release', release }
    return { kind: 'gone', reason: `release ${id} is missing or damaged (${dirname(store.path(id, 'haproxy'))})` }
  } catch (error) {
    if (error instanceof ReleaseUnreadable) return { kind: 'unreadable', reason: error.message }
    throw error
  }
}

function releaseOf(found: Found | undefined): Release | undefined {
  return found?.kind === 'release' ? found.release : undefined
}

/**
 * Something was live before, or may have been, and is not known: neither the live pair nor a daemon is touched. The journal
 * stays for the next agent, which may be able to read it; a pass that puts a release live ends it.
 */
async function leaveAsItIs(
  parts: Parts,
  journal: Journal,
  { reason }: { reason: string },
  known: Release | undefined,
): Promise<PassResult> {
  if (journal.attempts >= MAX_ATTEMPTS) await reject(parts, journal.revision, 'activate', whoDied(journal))
  // HAProxy is asked all the same, also where the apply may have moved its listener: see `expect`.
  if (known !== undefined && parts.health.expectation() === undefined) parts.health.expect(known.expectation)
  const since = parts.state.current().applied?.atMs
  parts.troubles.raise(
    'recovery',
    `an apply of ${journal.revision.slice(0, 12)} was interrupted, and ${reason}: it can be neither finished nor undone. HAProxy and keepalived go on with what they have read; ${parts.live.haproxy} and ${parts.live.keepalived} are left as they are, and may be of two releases: restart neither daemon. The next commit that is applied mends it (lb-agent sync; if its revision was rejected, lb-agent sync --retry)`,
    { stands: () => parts.state.current().applied?.atMs === since },
  )
  parts.log.error({ about: 'release', revision: journal.revision, reason }, 'an interrupted apply is left as it is')
  return { kind: 'stuck', stage: 'activate', reason: `${reason}; both live files are left as they are` }
}

/**
 * Nothing was live before: whatever stands half done is taken away. The revision is not tried again, unless its release has
 * only been `lost`.
 */
async function undoFirstApply(
  parts: Parts,
  journal: Journal,
  lost: string | undefined,
  signal: AbortSignal,
): Promise<PassResult> {
  for (const name of ['keepalived', 'haproxy'] as const) await parts.units[name].stop(signal)
  await removeLivePair(parts.live)
  const reason = lost ?? whoDied(journal)
  if (lost === undefined) await reject(parts, journal.revision, 'activate', reason)
  await parts.state.writeJournal(undefined)
  return lost === undefined ? { kind: 'rejected', stage: 'activate', reason } : failed('activate', reason)
}

function whoDied({ attempts }: Journal): string {
  return `${attempts} agents died while they applied it`
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
