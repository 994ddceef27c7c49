import { recoverApply, startDaemons } from './agent-start.ts'
import { type ApplyResult, applyRelease } from './apply/apply-release.ts'
import { readLivePair } from './apply/live-files.ts'
import { foreignRelease, type Release } from './apply/release.ts'
import { createRecorder, ok, type Recorder, type StageResult } from './apply/stage-record.ts'
import { whyNotApply } from './apply/why-not-apply.ts'
import type { Parts } from './parts.ts'
import type { PassLog, PassWriter } from './pass-log.ts'
import type { PassResult } from './pass-record.ts'
import { reject } from './reject.ts'
import type { PassRequest, Schedule } from './schedule.ts'
import { nextDelayMs } from './source/backoff.ts'
import { check, fetchRevision, parse, readFiles, render } from './stages.ts'
import { watchWindow } from './watch-window.ts'

/**
 * The daemon as one ordered story: recover what a dead predecessor left, start what should run, then look at the
 * repository again and again. Ends when `signal` does; HAProxy and keepalived go on.
 */
export async function runAgent(parts: Parts, schedule: Schedule, passes: PassLog, signal: AbortSignal): Promise<void> {
  await recoverApply(parts, passes, signal)
  await startDaemons(parts, signal)
  let failures = 0
  for (let delayMs = 0; !signal.aborted; ) {
    const request = await schedule.next(delayMs, signal)
    if (request === undefined) break
    const result = await onePass(parts, passes, request, signal)
    failures = result.kind === 'failed' ? failures + 1 : 0
    delayMs = nextDelayMs({ failures, everyMs: parts.config.repository.everyMs, random: Math.random })
    request.done()
  }
}

/** One walk from the repository to the daemons (or, for a rollback, from the release store). Never throws. */
async function onePass(parts: Parts, passes: PassLog, request: PassRequest, signal: AbortSignal): Promise<PassResult> {
  const pass = passes.begin(request.onProgress)
  const record = createRecorder(parts.now, pass.add)
  try {
    const result =
      request.cause === 'rollback'
        ? await rollBackByHand(parts, pass, record, signal)
        : await passOverRevision(parts, pass, record, request, signal)
    pass.end(result)
    return result
  } catch (error) {
    parts.log.error({ err: error }, 'a pass failed for a reason of our own')
    const result: PassResult = { kind: 'failed', stage: 'agent', reason: (error as Error).message }
    pass.end(result)
    return result
  }
}

/** fetch -> verify -> read -> parse -> render -> stage -> check -> put live. */
async function passOverRevision(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  request: PassRequest,
  signal: AbortSignal,
): Promise<PassResult> {
  const fetched = await record('fetch', () => fetchRevision(parts, signal))
  if (fetched.kind === 'failed') return failed('fetch', fetched.reason)
  const revision = fetched.value
  pass.setRevision(revision)

  const before = await parts.state.readState()
  // After a rollback to hand-written files, which have no revision, the rejected one still stands for them.
  const rejected = before.rejected.some((entry) => entry.revision === revision.sha)
  if (before.applied?.revision === revision.sha && !rejected && !request.restore) {
    return { kind: 'unchanged', detail: `this node runs ${revision.sha.slice(0, 12)}` }
  }
  const verified = await record('verify', async (): Promise<StageResult<void>> => {
    const ancestry =
      before.applied === null
        ? 'descendant'
        : await parts.source.isDescendant(before.applied.revision, revision.sha, signal)
    const why = whyNotApply(revision.sha, before, ancestry, {
      rewind: request.acceptRewind || parts.config.trust.rewinds === 'accept',
      rejected: request.retry,
    })
    return why === undefined
      ? ok(undefined, `it descends from what runs`)
      : { kind: 'failed', reason: why.reason, rejects: false }
  })
  if (verified.kind === 'failed') return { kind: 'refused', reason: verified.reason }

  const files = await record('read', () => readFiles(parts, revision.sha, signal))
  if (files.kind === 'failed') return await refuse(parts, revision.sha, 'read', files)
  const spec = await record('parse', async () => parse(files.value))
  if (spec.kind === 'failed') return await refuse(parts, revision.sha, 'parse', spec)
  const release = await record('render', async () => render(parts, spec.value, files.value, revision.sha))
  if (release.kind === 'failed') return await refuse(parts, revision.sha, 'render', release)

  const applied = before.applied === null ? undefined : await parts.store.get(before.applied.release)
  if (before.applied !== null && applied !== undefined && sameFiles(applied, release.value) && !request.restore) {
    const others = before.rejected.filter((entry) => entry.revision !== revision.sha)
    await parts.state.writeState({
      ...before,
      applied: { ...before.applied, revision: revision.sha },
      rejected: others,
    })
    return { kind: 'unchanged', detail: `${revision.sha.slice(0, 12)} renders the files of release ${applied.id}` }
  }
  return await putLive(parts, pass, record, { from: applied, to: release.value, revision: revision.sha }, signal)
}

/** stage -> check -> activate … applied, rolled back or stuck. */
async function putLive(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  change: { from: Release | undefined; to: Release; revision: string },
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
  if (checked.kind === 'failed') return await refuse(parts, revision, 'check', checked)

  // The files of the VIPs must exist before keepalived reads their names.
  parts.health.expect(to.expectation)
  const result = await applyRelease(
    {
      from,
      to,
      revision,
      attempts: 1,
      live: parts.live,
      state: parts.state,
      daemons: parts.daemons,
      watch: watchWindow(parts),
      onServing: () => pass.serving(to.id),
      record,
      now: parts.now,
    },
    signal,
  )
  return await settle(parts, result, change, from)
}

/** What the result of an apply means for this node. */
async function settle(
  parts: Parts,
  result: ApplyResult,
  { to, revision }: { to: Release; revision: string },
  from: Release | undefined,
): Promise<PassResult> {
  if (result.kind === 'applied') {
    parts.drift.expect(liveContents(parts, to))
    await parts.store.prune([to.id, ...(from === undefined ? [] : [from.id])])
    return { kind: 'applied', release: to.id }
  }
  if (from !== undefined && !from.foreign) parts.health.expect(from.expectation)
  if (from !== undefined) parts.drift.expect(liveContents(parts, from))
  if (result.kind === 'interrupted') return { kind: 'interrupted' }
  await reject(parts, revision, result.stage, result.reason)
  if (result.kind === 'stuck')
    return {
      kind: 'stuck',
      stage: result.stage,
      reason: `${result.reason}; and rolling back failed: ${result.rollback}`,
    }
  return { kind: 'rejected', stage: result.stage, reason: result.reason }
}

/** Back to the previous release, from this node's own store: no network is needed. The revision that ran is not tried again. */
async function rollBackByHand(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  signal: AbortSignal,
): Promise<PassResult> {
  const before = await parts.state.readState()
  const from = before.applied === null ? undefined : await parts.store.get(before.applied.release)
  const to = before.previous === null ? undefined : await parts.store.get(before.previous)
  if (before.applied === null || from === undefined || to === undefined) {
    return failed('roll back', 'there is no previous release on this node')
  }
  const given = before.applied.revision
  const result = await putLive(
    parts,
    pass,
    record,
    { from, to, revision: to.revision === '' ? given : to.revision },
    signal,
  )
  if (result.kind === 'applied') await reject(parts, given, 'roll back', 'rolled back by hand')
  return result
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
  parts.log.warn({ release: release.id }, 'kept live files that lb-agent did not write')
  return release
}

async function refuse(
  parts: Parts,
  sha: string,
  stage: string,
  result: { reason: string; rejects: boolean },
): Promise<PassResult> {
  if (!result.rejects) return failed(stage, result.reason)
  await reject(parts, sha, stage, result.reason)
  return { kind: 'rejected', stage, reason: result.reason }
}

function liveContents(parts: Parts, release: Release): ReadonlyMap<string, string> {
  return new Map([
    [parts.live.haproxy, release.files.haproxy],
    [parts.live.keepalived, release.files.keepalived],
  ])
}

function sameFiles(a: Release, b: Release): boolean {
  return a.digests.haproxy === b.digests.haproxy && a.digests.keepalived === b.digests.keepalived
}

function failed(stage: string, reason: string): PassResult {
  return { kind: 'failed', stage, reason }
}
