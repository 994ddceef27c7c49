import { type ApplyResult, applyRelease } from './apply/apply-release.ts'
import { droppedVips } from './apply/dropped-vips.ts'
import { liveContents, readLivePair } from './apply/live-files.ts'
import { foreignRelease, type Release } from './apply/release.ts'
import { ok, type Recorder } from './apply/stage-record.ts'
import { whatRuns } from './apply/what-runs.ts'
import { createHandOver, expectedMeanwhile } from './drain-first.ts'
import type { Parts } from './parts.ts'
import type { PassWriter } from './pass-log.ts'
import { failed, type PassResult } from './pass-record.ts'
import { refuse, reject } from './reject.ts'
import { check } from './stages.ts'
import { whySuspended } from './suspend.ts'
import { watchWindow } from './watch-window.ts'

/** `by hand`: a person named the release, so that its failure is no verdict on a revision. */
export type Change = {
  from: Release | undefined
  to: Release
  revision: string
  cause: 'revision' | 'by hand'
}

/** stage -> check -> activate … applied, rolled back or stuck; or suspended, with nothing changed. */
export async function putLive(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  change: Change,
  signal: AbortSignal,
): Promise<PassResult> {
  const { to, revision } = change
  const handWritten = await keepHandWritten(parts, change.from)
  const from = change.from ?? handWritten
  const staged = await record('stage', async () => {
    await parts.store.put(to)
    return ok(undefined, `release ${to.id}`)
  })
  if (staged.kind === 'failed') return failed('stage', staged.reason)
  const checked = await record('check', () => check(parts, to, from, signal))
  if (checked.kind === 'failed') {
    return change.cause === 'by hand'
      ? failed('check', checked.reason)
      : await refuse(parts, revision, 'check', checked)
  }
  const runs = from && whatRuns(from, await readLivePair(parts.live))
  // A suspension may have begun since the pass did. From the next line on nothing waits before live files change.
  const suspended = change.cause === 'revision' ? whySuspended(parts, revision) : undefined
  if (suspended !== undefined) return { kind: 'suspended', reason: suspended }
  pass.goesLive(to.id)

  // The files of the VIPs must exist before keepalived reads their names.
  parts.health.expect(expectedMeanwhile([from], to))
  // While both files change there is nothing that they should be.
  parts.drift.expect(new Map())
  const expectFrom = (): void => {
    if (from !== undefined && !from.foreign) parts.health.expect(from.expectation)
  }
  const result = await applyRelease(
    {
      from: runs && from && { ...from, digests: runs.digests },
      ...(runs === undefined ? {} : { runs }),
      to,
      revision,
      attempts: 1,
      live: parts.live,
      state: parts.state,
      daemons: parts.daemons,
      drops: droppedVips(runs, to),
      handOver: createHandOver(parts, { between: [from], to, revision, cause: change.cause, onWait: pass.waits }),
      watch: watchWindow(parts),
      onServing: () => pass.serving(to.id),
      record,
      now: parts.now,
    },
    signal,
  ).catch((error: unknown) => {
    expectFrom()
    throw error
  })
  if (result.kind !== 'applied') expectFrom()
  if (result.kind === 'applied' || result.kind === 'rolled back') parts.health.endMove()
  return await settle(parts, result, change, from)
}

/** What the result of an apply means for this node. */
async function settle(
  parts: Parts,
  result: ApplyResult,
  { to, revision, cause }: Change,
  from: Release | undefined,
): Promise<PassResult> {
  if (result.kind === 'applied') {
    parts.drift.expect(liveContents(parts.live, to))
    const { previous } = parts.state.current()
    await parts.store.prune([to.id, ...(previous === null ? [] : [previous])])
    return { kind: 'applied', release: to.id }
  }
  if (from !== undefined) parts.drift.expect(liveContents(parts.live, from))
  if (result.kind === 'interrupted') return { kind: 'interrupted' }
  // A full disk is not the revision's fault.
  if (result.kind === 'rolled back' && !result.rejects) return failed(result.stage, result.reason)
  if (cause === 'revision') await reject(parts, revision, result.stage, result.reason)
  if (result.kind === 'stuck')
    return {
      kind: 'stuck',
      stage: result.stage,
      reason: `${result.reason}; and rolling back failed: ${result.rollback}`,
    }
  if (cause === 'by hand') return failed(result.stage, result.reason)
  return { kind: 'rejected', stage: result.stage, reason: result.reason }
}

/**
 * Nothing that a person wrote is lost: live files that are not `from`'s are kept as a release of their own. On a node
 * without a release of ours they are also what a failed first apply is rolled back to.
 */
async function keepHandWritten(parts: Parts, from: Release | undefined): Promise<Release | undefined> {
  const live = await readLivePair(parts.live)
  const files = { haproxy: live.haproxy ?? '', keepalived: live.keepalived ?? '' }
  if (files.haproxy === '' && files.keepalived === '') return undefined
  if (from?.files.haproxy === files.haproxy && from.files.keepalived === files.keepalived) return undefined
  const release = foreignRelease(files)
  await parts.store.put(release)
  parts.log.info({ release: release.id }, 'kept live files that lb-agent did not write')
  return release
}
