import { isDeepStrictEqual } from 'node:util'
import { recoverApply, startDaemons } from './agent-start.ts'
import type { Release } from './apply/release.ts'
import { createRecorder, ok, type Recorder, type StageResult } from './apply/stage-record.ts'
import { whyNotApply } from './apply/why-not-apply.ts'
import { restoreByHand, rollBackByHand } from './by-hand.ts'
import { lookForExporter } from './look-for-exporter.ts'
import type { Parts } from './parts.ts'
import type { PassLog, PassWriter } from './pass-log.ts'
import { failed, type PassResult } from './pass-record.ts'
import { prepare } from './prepare/prepare.ts'
import { putLive } from './put-live.ts'
import { refuse } from './reject.ts'
import type { PassRequest, Schedule } from './schedule.ts'
import { nextDelayMs } from './source/backoff.ts'
import { fetchRevision, readFiles } from './stages.ts'
import { whySuspended } from './suspend.ts'
import { version } from './version.ts'

/**
 * The daemon as one ordered story: recover what a dead predecessor left, start what should run, then look at the
 * repository again and again. Ends when `signal` or the schedule does; HAProxy and keepalived go on.
 */
export async function runAgent(parts: Parts, schedule: Schedule, passes: PassLog, signal: AbortSignal): Promise<void> {
  await recoverApply(parts, passes, signal)
  await startDaemons(parts, signal)
  await lookForExporter(parts)
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
  const record = createRecorder(parts.now, parts.words, pass.add)
  try {
    const result = await work(parts, pass, record, request, signal)
    pass.end(result)
    return result
  } catch (error) {
    parts.log.error({ about: 'pass', err: error }, 'a pass failed for a reason of our own')
    const result: PassResult = { kind: 'failed', stage: 'agent', reason: (error as Error).message }
    pass.end(result)
    return result
  }
}

function work(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  request: PassRequest,
  signal: AbortSignal,
): Promise<PassResult> {
  switch (request.cause) {
    case 'rollback':
      return rollBackByHand(parts, pass, record, signal)
    case 'restore':
      return restoreByHand(parts, pass, record, signal)
    case 'timer':
    case 'sync':
      return passOverRevision(parts, pass, record, request, signal)
    default:
      return request.cause satisfies never
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

  const before = parts.state.current()
  // After a rollback to hand-written files, which have no revision, the rejected one still stands for them.
  const rejected = before.rejected.some((entry) => entry.revision === revision.sha)
  const applied = before.applied === null ? undefined : await parts.store.get(before.applied.release)
  // Another version of lb-agent may render other files, and expect something else of them; another node does for sure, and
  // another choice of who serves HAProxy's figures.
  const isOurs =
    applied?.renderedBy === version() &&
    applied.node === parts.config.node &&
    applied.expectation.haproxyMetrics === parts.config.metrics.haproxy
  if (before.applied?.revision === revision.sha && !rejected && isOurs) {
    return { kind: 'unchanged', detail: `this node runs ${revision.sha.slice(0, 12)}` }
  }
  const suspended = whySuspended(parts, revision.sha)
  if (suspended !== undefined) return { kind: 'suspended', reason: suspended }
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
      ? ok(undefined, before.applied === null ? 'the first revision of this node' : 'it descends from what runs')
      : { kind: 'failed', reason: why.reason, rejects: false }
  })
  if (verified.kind === 'failed') return { kind: 'refused', reason: verified.reason }

  const files = await record('read', () => readFiles(parts, revision.sha, signal))
  if (files.kind === 'failed') return await refuse(parts, revision.sha, 'read', files)
  const release = await prepareRelease(parts, record, revision.sha, files.value, signal)
  if (release.kind === 'failed') return await refuse(parts, revision.sha, release.stage, release)
  parts.troubles.clear('node')

  if (before.applied !== null && applied !== undefined && sameFiles(applied, release.value)) {
    const since = whySuspended(parts, revision.sha)
    if (since !== undefined) return { kind: 'suspended', reason: since }
    await expectAnew(parts, applied, release.value)
    const others = before.rejected.filter((entry) => entry.revision !== revision.sha)
    await parts.state.writeState({
      ...before,
      applied: { ...before.applied, revision: revision.sha },
      rejected: others,
    })
    return { kind: 'unchanged', detail: `${revision.sha.slice(0, 12)} renders the files of release ${applied.id}` }
  }
  return await putLive(
    parts,
    pass,
    record,
    { from: applied, to: release.value, revision: revision.sha, cause: 'revision' },
    signal,
  )
}

async function prepareRelease(
  parts: Parts,
  record: Recorder,
  sha: string,
  files: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<
  | { kind: 'ok'; value: Release }
  | { kind: 'failed'; stage: 'parse' | 'prove' | 'render'; reason: string; rejects: boolean }
> {
  const { node, paths, haproxy, metrics } = parts.config
  const preparation = prepare({ sha, files, target: { node, paths, haproxy, metrics } }, signal)
  try {
    const parsed = await record('parse', preparation.parsed)
    if (parsed.kind === 'failed') return { ...parsed, stage: 'parse' }
    const proven = await record('prove', preparation.proven)
    if (proven.kind === 'failed') return { ...proven, stage: 'prove' }
    const rendered = await record('render', async () => ofThisVersion(await preparation.rendered()))
    return rendered.kind === 'failed' ? { ...rendered, stage: 'render' } : rendered
  } finally {
    preparation.close()
  }
}

/** The process that renders is started from the disk, where another version may lie by now. */
function ofThisVersion(rendered: StageResult<Release>): StageResult<Release> {
  if (rendered.kind === 'failed' || rendered.value.renderedBy === version()) return rendered
  const reason = `lb-agent ${version()} runs here, and ${rendered.value.renderedBy} is on the disk: it takes over in some seconds; if it does not, restart the agent`
  return { kind: 'failed', reason, rejects: false }
}

/** How a node behaves (failing back, damping, minimum of servers) is in no file of the daemons: nothing is reloaded for it. */
async function expectAnew(parts: Parts, applied: Release, { expectation, renderedBy, node }: Release): Promise<void> {
  const renewed = { ...applied, expectation, renderedBy, node }
  if (isDeepStrictEqual(renewed, applied)) return
  await parts.store.amend(renewed)
  parts.health.expect(expectation)
}

function sameFiles(a: Release, b: Release): boolean {
  return a.digests.haproxy === b.digests.haproxy && a.digests.keepalived === b.digests.keepalived
}
