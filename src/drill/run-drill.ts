import type { Spec } from '../spec/spec.ts'
import type { Client } from './client.ts'
import { backToFirst, type Effect, FAULTS, type Fault } from './faults.ts'
import { createLab, type Lab, removeLeftovers } from './lab.ts'
import { createLabAgents, type LabAgent, until } from './lab-agents.ts'
import { createLabRepository, type LabRepository } from './lab-repository.ts'
import { percentile, type Window } from './statistics.ts'

export type DrillOptions = {
  spec: Spec
  /** lb.yaml as written, and the templates beside it. */
  text: string
  files: Readonly<Record<string, string>>
  faults: readonly string[]
  rounds: number
  /** Time between two connections of the client to each service, ms. */
  everyMs: number
  onStep(step: DrillStep): void
  /** Called with the lab still up, before it is removed. */
  beforeEnd(lab: Lab): Promise<void>
}

/** What the drill tells while it goes on. */
export type DrillStep =
  | { kind: 'progress'; text: string }
  | { kind: 'ready'; text: string; tookMs: number }
  | { kind: 'round'; fault: string; summary: string; round: number; result: RoundResult }

export type RoundResult = Effect & {
  sent: number
  failed: number
  gapMs: number
  failures: Readonly<Record<string, number>>
}

/** The answer of `drill --json`. */
export type DrillReport = {
  cluster: string
  faults: readonly FaultReport[]
}

export type FaultReport = {
  fault: string
  rounds: number
  held: number
  sent: number
  failed: number
  gapMs: { p50: number; p99: number; max: number }
  from: string
  to: string
}

export type DrillContext = {
  lab: Lab
  spec: Spec
  text: string
  agents: readonly LabAgent[]
  repository: LabRepository
  client: Client
  signal: AbortSignal
  /** Counts what the drill has added so far. */
  serial: number
}

const FIRST_RELEASE_WITHIN_MS = 30_000

/** Builds the cluster, starts real agents, injects faults, and says what a client saw. Leaves nothing behind. */
export async function runDrill(options: DrillOptions, signal: AbortSignal): Promise<DrillReport> {
  const { spec, onStep } = options
  await removeLeftovers()
  onStep({ kind: 'progress', text: `building ${spec.nodes.length} balancers and their servers as network namespaces` })
  const startedAt = performance.now()
  const lab = await createLab(spec, signal)
  try {
    const context = await startCluster(lab, options, signal)
    onStep({
      kind: 'ready',
      text: `${spec.nodes.map(({ name }) => name).join(', ')} serve ${spec.vips.map(({ name }) => name).join(' and ')}`,
      tookMs: Math.round(performance.now() - startedAt),
    })
    const reports: FaultReport[] = []
    for (const fault of chosen(options.faults)) reports.push(await runFault(context, fault, options))
    await options.beforeEnd(lab)
    return { cluster: spec.cluster, faults: reports }
  } finally {
    await lab.close()
  }
}

async function startCluster(lab: Lab, options: DrillOptions, signal: AbortSignal): Promise<DrillContext> {
  const { spec, text, onStep } = options
  const repository = await createLabRepository(lab.directory)
  await repository.commit({ ...options.files, 'lb.yaml': text }, 'Describe the cluster')
  const agents = createLabAgents(
    lab,
    spec.nodes.map(({ name }) => name),
    { repositoryUrl: repository.url },
  )
  onStep({ kind: 'progress', text: `starting ${agents.length} agents; each pulls the first commit` })
  for (const agent of agents) agent.start()
  const context = { lab, spec, text, agents, repository, signal, serial: 0 }
  await firstRelease(agents, signal)
  const client = lab.startClient(options.everyMs)
  const ready = { ...context, client }
  await backToFirst(ready)
  await client.mark()
  return ready
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

async function runFault(context: DrillContext, fault: Fault, options: DrillOptions): Promise<FaultReport> {
  const results: RoundResult[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    context.signal.throwIfAborted()
    options.onStep({ kind: 'progress', text: `${fault.name} ${round}/${options.rounds}: ${fault.summary}` })
    await context.client.mark()
    const effect = await fault.inject(context)
    const result = judge(fault, effect, Object.values(await context.client.report()))
    results.push(result)
    options.onStep({ kind: 'round', fault: fault.name, summary: fault.summary, round, result })
    await fault.mend(context)
  }
  const gaps = results.map(({ gapMs }) => gapMs)
  return {
    fault: fault.name,
    rounds: results.length,
    held: results.filter(({ held }) => held).length,
    sent: sum(results.map(({ sent }) => sent)),
    failed: sum(results.map(({ failed }) => failed)),
    gapMs: { p50: percentile(gaps, 50), p99: percentile(gaps, 99), max: Math.max(...gaps) },
    from: [...new Set(results.map(({ from }) => from))].join(', '),
    to: [...new Set(results.map(({ to }) => to))].join(', '),
  }
}

/** A round held when the fault had its effect, every service answers again, and no request was lost where none may be. */
function judge(fault: Fault, effect: Effect, windows: readonly Window[]): RoundResult {
  const failed = sum(windows.map((window) => window.failed))
  const served = windows.every((window) => window.sent > window.failed && window.longestGapMs < LONGEST_GAP_MS)
  const failures: Record<string, number> = {}
  for (const window of windows) {
    for (const [word, count] of Object.entries(window.failures)) failures[word] = (failures[word] ?? 0) + count
  }
  return {
    ...effect,
    held: effect.held && served && (!fault.spares || failed === 0),
    sent: sum(windows.map(({ sent }) => sent)),
    failed,
    gapMs: Math.max(...windows.map(({ longestGapMs }) => longestGapMs)),
    failures,
  }
}

/** A second: what a client that tries once more hardly notices. The measured figures are far below. */
const LONGEST_GAP_MS = 1_000

function chosen(names: readonly string[]): Fault[] {
  return names.map((name) => {
    const fault = FAULTS.find((candidate) => candidate.name === name)
    if (fault === undefined)
      throw new Error(`no fault is called ${name}; there are ${FAULTS.map((known) => known.name).join(', ')}`)
    return fault
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
