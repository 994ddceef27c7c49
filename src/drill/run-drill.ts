import { setTimeout as sleep } from 'node:timers/promises'
import type { Spec } from '../spec/spec.ts'
import { backToFirst, type DrillContext } from './context.ts'
import { withFailback } from './edit-spec.ts'
import type { Effect, Fault } from './faults/fault.ts'
import { followHolders } from './holders.ts'
import type { Holding } from './holding.ts'
import { type FaultReport, judge, type RoundResult, summarizeFault } from './judge.ts'
import { createLab, type Lab, removeLeftovers } from './lab.ts'
import { createLabAgents, type LabAgent, until } from './lab-agents.ts'
import { createLabRepository } from './lab-repository.ts'

export type DrillOptions = {
  spec: Spec
  /** lb.yaml as written, and the templates beside it. */
  text: string
  files: Readonly<Record<string, string>>
  faults: readonly Fault[]
  rounds: number
  /** Time between two connections of the client to each service, ms. */
  everyMs: number
  /** Services that the client asks; all of lb.yaml when undefined. */
  services?: readonly string[] | undefined
  /** How long `agent-hang` lasts. */
  hangMs?: number
  /** More lines of agent.yaml. */
  settings?: string
  onStep(step: DrillStep): void
  /** Called with the lab still up, before it is removed. */
  beforeEnd(lab: Lab): Promise<void>
}

/** What the drill tells while it goes on. */
export type DrillStep =
  | { kind: 'progress'; text: string }
  | { kind: 'warning'; text: string }
  | { kind: 'ready'; text: string; tookMs: number }
  | { kind: 'skipped'; fault: string; reason: string }
  | { kind: 'round'; fault: string; summary: string; round: number; result: RoundResult }

/** The answer of `drill --json`. */
export type DrillReport = {
  cluster: string
  faults: readonly FaultReport[]
}

const FIRST_RELEASE_WITHIN_MS = 30_000
const HANG_MS = 30_000
/** Every round waits for it; what lb.yaml says is for people, who have more time. */
const FAILBACK_AFTER = '3s'
/** A line about the end of a window may still be on its way. */
const TOLD_WITHIN_MS = 30

/**
 * Builds the cluster, starts real agents, injects faults, and says what a client saw. Leaves nothing behind. Throws where `signal`
 * comes before `beforeEnd` is called.
 */
export async function runDrill(options: DrillOptions, signal: AbortSignal): Promise<DrillReport> {
  const { spec, onStep } = options
  for (const text of (await removeLeftovers()).remaining) onStep({ kind: 'warning', text })
  onStep({ kind: 'progress', text: `building ${spec.nodes.length} balancers and their servers as network namespaces` })
  const startedAt = performance.now()
  const lab = await createLab(spec, signal)
  let context: DrillContext | undefined
  try {
    context = await startCluster(lab, options, signal)
    onStep({
      kind: 'ready',
      text: `${spec.nodes.map(({ name }) => name).join(', ')} serve ${spec.vips.map(({ name }) => name).join(' and ')}`,
      tookMs: Math.round(performance.now() - startedAt),
    })
    const reports: FaultReport[] = []
    for (const fault of options.faults) {
      const reason = fault.whyNot?.(spec)
      if (reason === undefined) reports.push(await runFault(context, fault, options))
      else onStep({ kind: 'skipped', fault: fault.name, reason })
    }
    signal.throwIfAborted()
    await options.beforeEnd(lab)
    return { cluster: spec.cluster, faults: reports }
  } finally {
    context?.holders.close()
    await lab.close()
  }
}

/** Starts an agent on every balancer and returns once all is well; a client asks from then on. */
export async function startCluster(
  lab: Lab,
  options: Pick<DrillOptions, 'spec' | 'text' | 'files' | 'everyMs' | 'services' | 'hangMs' | 'settings' | 'onStep'>,
  signal: AbortSignal,
): Promise<DrillContext> {
  const { spec, onStep } = options
  const text = withFailback(options.text, FAILBACK_AFTER)
  const nodes = spec.nodes.map(({ name }) => name)
  const holders = await followHolders(lab.network, nodes, signal)
  const repository = await createLabRepository(lab.directory)
  await repository.commit({ ...options.files, 'lb.yaml': text }, 'Describe the cluster')
  const agents = createLabAgents(lab, nodes, { repositoryUrl: repository.url, settings: options.settings ?? '' })
  onStep({ kind: 'progress', text: `starting ${agents.length} agents; each pulls the first commit` })
  for (const agent of agents) agent.start()
  await firstRelease(agents, signal)
  const hangMs = options.hangMs ?? HANG_MS
  const context = { lab, spec, text, agents, holders, repository, signal, serial: 0, hangMs }
  await backToFirst(context)
  const client = lab.startClient(options.everyMs, options.services)
  await client.mark()
  return { ...context, client }
}

/** Waits for the first release everywhere; an agent that rejects it says why. */
async function firstRelease(agents: readonly LabAgent[], signal: AbortSignal): Promise<void> {
  let waiting = ''
  try {
    await until(
      'the first release on every balancer',
      FIRST_RELEASE_WITHIN_MS,
      async () => {
        const statuses = await Promise.all(agents.map((agent) => agent.status()))
        const late = agents.findIndex((_, index) => statuses[index]?.applied == null)
        waiting =
          late < 0 ? '' : `${agents[late]?.node}: ${statuses[late]?.headline.text ?? 'its agent does not answer'}`
        return late < 0
      },
      signal,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${waiting}`)
  }
}

async function runFault(
  context: DrillContext,
  fault: Fault,
  options: Pick<DrillOptions, 'rounds' | 'onStep'>,
): Promise<FaultReport> {
  const results: RoundResult[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    context.signal.throwIfAborted()
    options.onStep({ kind: 'progress', text: `${fault.name} ${round}/${options.rounds}: ${fault.summary}` })
    const result = await runRound(context, fault)
    results.push(result)
    options.onStep({ kind: 'round', fault: fault.name, summary: fault.summary, round, result })
    // What is removed need not be mended.
    context.signal.throwIfAborted()
    await fault.mend(context)
  }
  return summarizeFault(fault.name, results)
}

/** Injects a fault once and measures from just before until its effect is there. The caller mends it. */
export async function runRound<C extends Pick<DrillContext, 'client' | 'holders' | 'spec'>>(
  context: C,
  fault: { spares: boolean; prepare?(context: C): Promise<void>; inject(context: C): Promise<Effect> },
): Promise<RoundResult> {
  const { client, holders, spec } = context
  await fault.prepare?.(context)
  await client.mark()
  const fromMs = Date.now()
  const effect = await fault.inject(context)
  const untilMs = Date.now()
  const windows = await client.report()
  await sleep(TOLD_WITHIN_MS)
  const holdings: Record<string, Holding> = {}
  for (const { name, address } of spec.vips) holdings[name] = holders.summarize(address, fromMs, untilMs)
  return judge(fault, effect, windows, holdings, spec.vrrp.advertIntervalMs)
}
