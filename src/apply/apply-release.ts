import type { StateFiles } from './apply-state.ts'
import { type Drop, droppedVips } from './dropped-vips.ts'
import type { LivePaths } from './live-files.ts'
import { removeLivePair, writeLivePair } from './live-files.ts'
import { type DaemonName, planSteps, type Step } from './plan-steps.ts'
import { isRead, type Release } from './release.ts'
import { ok, type Recorder, type StageName, type StageResult } from './stage-record.ts'

export type Outcome = { kind: 'done' } | { kind: 'failed'; reason: string }

/** What applying needs of a daemon; `confirm` proves that it runs `release`. */
export type Daemon = {
  /** Right before it is told to read the files of `release`. */
  prepare(release: Release): Promise<void>
  reloadOrStart(signal: AbortSignal): Promise<Outcome>
  confirm(release: Release, signal: AbortSignal): Promise<Outcome>
  stop(signal: AbortSignal): Promise<Outcome>
}

/** Gives VIPs to other nodes before keepalived drops them. */
export type HandOver = {
  /** Returns once another node has them, or none can take them; nothing that happens here fails an apply. */
  begin(drops: readonly Drop[], signal: AbortSignal): Promise<StageResult<void>>
  /** This node takes part in them again. */
  end(): void
}

export type ApplyOptions = {
  /** What a failed apply goes back to. A daemon that may run something else (`unread`) reads it as well then. */
  from: Release | undefined
  /** What the daemons run, where somebody has edited the files of `from`. */
  runs?: Release
  to: Release
  revision: string
  /** 1 for a new apply; an agent that finds a journal goes on counting from those that died. */
  attempts: number
  live: LivePaths
  state: StateFiles
  daemons: Readonly<Record<DaemonName, Daemon>>
  /** What keepalived would give up on the way to `to`. */
  drops: readonly Drop[]
  handOver: HandOver
  /** Looks at the daemons for the confirm window; `failed` means that this release made things worse. */
  watch(release: Release, signal: AbortSignal): Promise<Outcome>
  /** Called once every changed daemon is confirmed, before the confirm window. */
  onServing(): void
  record: Recorder
  now(): number
}

export type ApplyResult =
  | { kind: 'applied' }
  /** `from` runs again, proven. */
  | { kind: 'rolled back'; stage: StageName; reason: string; rejects: boolean }
  /** Neither release could be proven: what serves goes on, a person must look. */
  | { kind: 'stuck'; stage: StageName; reason: string; rollback: string }
  /** The agent was told to stop; its successor reads the journal and goes on. */
  | { kind: 'interrupted' }

/**
 * Puts `to` live: activate -> reload -> confirm -> watch, with a journal around it, and back to `from` when a step fails.
 * A process that dies anywhere in here leaves a journal from which `applyRelease` is called again with the same releases.
 */
export async function applyRelease(options: ApplyOptions, signal: AbortSignal): Promise<ApplyResult> {
  try {
    const result = await walk(options, signal)
    // An agent that ends because it is told to has not died of the release. Where this cannot be written it counts all the same.
    if (result.kind === 'interrupted') await writeJournal(options, options.attempts - 1).catch(() => undefined)
    return result
  } finally {
    // Also when the agent is told to stop: what it gave away only for this it would not give back.
    options.handOver.end()
  }
}

async function walk(options: ApplyOptions, signal: AbortSignal): Promise<ApplyResult> {
  const { from, to, state } = options
  await writeJournal(options, options.attempts)
  const done: Step[] = []
  for (const step of planSteps(from, to, options.drops)) {
    done.push(step)
    const result = await options.record(stageOf(step), () => perform(step, options, signal))
    if (signal.aborted) return { kind: 'interrupted' }
    if (result.kind === 'failed')
      return await rollBack(
        options,
        done,
        { stage: stageOf(step), reason: result.reason, rejects: result.rejects },
        signal,
      )
  }
  const before = state.current()
  await state.writeState({
    ...before,
    applied: { release: to.id, revision: options.revision, atMs: options.now() },
    previous: from === undefined || from.id === to.id ? before.previous : from.id,
    rejected: before.rejected.filter(({ revision }) => revision !== options.revision),
  })
  await state.writeJournal(undefined)
  return { kind: 'applied' }
}

function writeJournal({ state, from, to, revision, now }: ApplyOptions, attempts: number): Promise<void> {
  return state.writeJournal({ from: from?.id ?? null, to: to.id, revision, startedAtMs: now(), attempts })
}

async function perform(step: Step, options: ApplyOptions, signal: AbortSignal): Promise<StageResult<void>> {
  switch (step.kind) {
    case 'activate':
      await writeLivePair(options.live, options.to.files)
      return ok(undefined, 'both files are live')
    case 'drain first':
      return options.handOver.begin(step.drops, signal)
    case 'reload':
      await options.daemons[step.daemon].prepare(options.to)
      return toResult(await options.daemons[step.daemon].reloadOrStart(signal), `${step.daemon} was told`)
    case 'confirm': {
      const confirmed = await options.daemons[step.daemon].confirm(options.to, signal)
      if (step.daemon === 'keepalived' && confirmed.kind === 'done') options.handOver.end()
      return toResult(confirmed, `${step.daemon} runs it`)
    }
    case 'watch':
      options.onServing()
      return toResult(await options.watch(options.to, signal), 'nothing got worse')
    default:
      return step satisfies never
  }
}

/** Restores the files of `from` and proves that the daemons that were touched, or ran something else before, run it. */
async function rollBack(
  options: ApplyOptions,
  done: readonly Step[],
  failure: { stage: StageName; reason: string; rejects: boolean },
  signal: AbortSignal,
): Promise<ApplyResult> {
  const { from, runs = from } = options
  const reloaded = done.flatMap((step) => (step.kind === 'reload' ? [step.daemon] : []))
  const touched = (['haproxy', 'keepalived'] as const).filter(
    (daemon) => reloaded.includes(daemon) || (from !== undefined && !isRead(from, daemon)),
  )
  let restored = from === undefined
  const keepalivedRuns = reloaded.includes('keepalived') ? options.to : runs
  const drops = from !== undefined && touched.includes('keepalived') ? droppedVips(keepalivedRuns, from) : []
  if (drops.length > 0) await options.record('drain first', () => options.handOver.begin(drops, signal))
  const result = await options.record('roll back', async () => {
    if (from === undefined) {
      for (const daemon of touched.toReversed()) await options.daemons[daemon].stop(signal)
      await removeLivePair(options.live)
      return ok(undefined, 'nothing was live before; both files are removed')
    }
    await writeLivePair(options.live, from.files)
    restored = true
    const reasons: string[] = []
    for (const daemon of touched) {
      await options.daemons[daemon].prepare(from)
      const told = await options.daemons[daemon].reloadOrStart(signal)
      const proven = told.kind === 'done' ? await options.daemons[daemon].confirm(from, signal) : told
      if (proven.kind === 'failed') reasons.push(proven.reason)
    }
    if (reasons.length > 0) return { kind: 'failed', reason: reasons.join('; '), rejects: true }
    return ok(undefined, `release ${from.id} runs again`)
  })
  if (signal.aborted) return { kind: 'interrupted' }
  // Files that could not be written back may be a mixed pair: the next agent starts with them.
  if (restored) await options.state.writeJournal(undefined)
  return result.kind === 'ok'
    ? { kind: 'rolled back', ...failure }
    : { kind: 'stuck', ...failure, rollback: result.reason }
}

function stageOf(step: Step): StageName {
  return step.kind === 'reload' || step.kind === 'confirm' ? `${step.kind} ${step.daemon}` : step.kind
}

function toResult(outcome: Outcome, detail: string): StageResult<void> {
  return outcome.kind === 'done' ? ok(undefined, detail) : { kind: 'failed', reason: outcome.reason, rejects: true }
}
