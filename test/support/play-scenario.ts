import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { followHolders, type Holders } from '../../src/drill/holders.ts'
import { ipBatch } from '../../src/drill/ip.ts'
import { createNetwork, type Network } from '../../src/drill/network.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import { killWithChildren } from '../../src/processes.ts'
import type { Fault, ProofCluster } from '../../src/proof/model.ts'
import type { Outcome } from '../../src/proof/outcome.ts'
import { outcomesAfter } from '../../src/proof/table.ts'
import {
  configOf,
  fileContent,
  isTracked,
  type Paths,
  proofOfScenario,
  SCRIPT_EVERY_MS,
  type Scenario,
  VIPS,
} from './vrrp-scenario.ts'

/** A machine that does other work as well is late by that at times. */
export const ALLOWANCE_MS = 250

/** What the model says and what was seen of one VIP after one change. */
export type Observation = {
  change: string
  vip: string
  expected: Outcome
  holders: readonly string[]
  /** From the beginning of the change until the last node got or lost the VIP; undefined: none did. */
  lastChangeMs: number | undefined
  /** How long making the change took, and until keepalived knows of it where the model does not say. */
  changingMs: number
}

/** Runs a scenario with a keepalived for each node, and ends all of it. */
export async function playScenario(scenario: Scenario, directory: string): Promise<Observation[]> {
  mkdirSync(directory, { recursive: true })
  const names = scenario.nodes.map(({ name }) => name)
  const hosts = scenario.nodes.map(({ name, address }) => ({ name, addresses: [address], interface: 'eth0' }))
  const network = await createNetwork(`proof${scenario.seed}`, hosts)
  let holders: Holders | undefined
  try {
    holders = await followHolders(network, names)
    return await play({ scenario, directory, network, holders })
  } finally {
    holders?.close()
    await network.close()
  }
}

type Stage = { scenario: Scenario; directory: string; network: Network; holders: Holders }

async function play(stage: Stage): Promise<Observation[]> {
  const { scenario, directory } = stage
  const paths: Paths = { file: (node) => join(directory, `${node}.followed`) }
  const proof = proofOfScenario(scenario, paths)
  for (const { name } of scenario.nodes) putFile(paths.file(name), fileContent(scenario, true))
  const running = await startAll(stage, paths)
  const seen: Observation[] = [
    ...(await observe(stage, proof, { change: 'start', sequence: [] }, async () => undefined)),
  ]
  const { fault } = scenario
  seen.push(
    ...(await observe(stage, proof, { change: `${fault.kind} on ${fault.node}`, sequence: [[fault]] }, () =>
      inflict(stage, running, paths),
    )),
  )
  if (!isTracked(fault.kind)) return seen
  const mended = { change: `${fault.kind} over`, sequence: [[fault], []] }
  seen.push(
    ...(await observe(stage, proof, mended, async () => {
      putFile(paths.file(fault.node), fileContent(scenario, true))
      // Bounds are those of faults: until a script has succeeded again is not among their terms.
      if (scenario.tracker?.what === 'script') await sleep(SCRIPT_EVERY_MS)
    })),
  )
  return seen
}

/** All at once; with `nopreempt`, where whoever comes first stays, first the one with the shortest skew. */
async function startAll(stage: Stage, paths: Paths): Promise<ReadonlyMap<string, ChildProcess>> {
  const { scenario, holders } = stage
  const running = new Map<string, ChildProcess>()
  const nodes = [...scenario.nodes].sort((a, b) => b.priority - a.priority)
  for (const [at, node] of nodes.entries()) {
    running.set(node.name, startKeepalived(stage, node.name, configOf(scenario, node, paths)))
    if (!node.nopreempt || at > 0) continue
    const deadline = Date.now() + 15_000
    while (holders.now(VIPS[0]).length === 0 && Date.now() < deadline) await sleep(20)
  }
  await sleep(startMs(scenario))
  return running
}

/** Long enough for every timer after a start: a script's first run, two waits, and a delay. */
function startMs({ advertMs, nodes }: Scenario): number {
  const delayMs = Math.max(...nodes.map(({ preemptDelayS }) => preemptDelayS)) * 1_000
  return 2 * (4 * advertMs + 300) + delayMs + 1_200
}

function startKeepalived({ directory, network }: Stage, node: string, text: string): ChildProcess {
  const file = join(directory, `${node}.conf`)
  writeFileSync(file, text)
  const log = createWriteStream(join(directory, `${node}.log`))
  const own = (name: string): string => join(directory, `${node}.${name}`)
  // `ip netns exec` becomes keepalived, so that the pid stays.
  const child = spawn(
    'ip',
    [
      ...[
        'netns',
        'exec',
        network.namespace(node),
        'keepalived',
        '--dont-fork',
        '--log-console',
        '--log-detail',
        '--vrrp',
      ],
      ...['--use-file', file, '--pid', own('pid'), '--vrrp_pid', own('vrrp.pid')],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...CLEAN_ENV } },
  )
  child.on('error', () => undefined)
  child.stdout.pipe(log)
  child.stderr.pipe(log)
  // As the drill does: its timers should be late because of the model, and not because of a test next to it.
  if (child.pid !== undefined) setPriority(child.pid, -10)
  return child
}

async function observe(
  { holders, scenario }: Stage,
  proof: ProofCluster,
  { change, sequence }: { change: string; sequence: readonly (readonly Fault[])[] },
  make: () => Promise<void>,
): Promise<Observation[]> {
  const expected = outcomesAfter(proof, sequence)
  const fromMs = Date.now()
  await make()
  const changingMs = Date.now() - fromMs
  const longest = Math.max(4 * scenario.advertMs, ...expected.map(({ bound }) => bound?.ms ?? 0))
  await sleep(longest + ALLOWANCE_MS + 100)
  const untilMs = Date.now()
  const away = (sequence.at(-1) ?? []).filter(({ kind }) => kind === 'node-lost' || kind === 'link-down')
  return proof.vips.map(({ address }, index) => {
    const edges = holders
      .summarize(address, fromMs, untilMs)
      .holders.flatMap((holding) => [holding.fromMs, holding.untilMs])
      .filter((ms) => ms > 0 && ms < untilMs - fromMs - 1)
    return {
      change,
      vip: address,
      expected: expected[index] ?? { holders: [], oneOf: [], serving: [], could: [], bound: undefined },
      holders: holders.now(address).filter((node) => !away.some((fault) => fault.node === node)),
      lastChangeMs: edges.length === 0 ? undefined : Math.max(...edges),
      changingMs,
    }
  })
}

async function inflict({ scenario, network }: Stage, running: ReadonlyMap<string, ChildProcess>, paths: Paths) {
  const { kind, node } = scenario.fault
  const pid = running.get(node)?.pid
  if (pid === undefined) throw new Error(`keepalived of ${node} does not run`)
  if (isTracked(kind)) putFile(paths.file(node), fileContent(scenario, false))
  else if (kind === 'keepalived-stopped') process.kill(pid, 'SIGTERM')
  else if (kind === 'keepalived-killed') killWithChildren(pid)
  else if (kind === 'link-down') await ipBatch(network.namespace(node), ['link set eth0 down'])
  else await network.cut(node)
}

function putFile(path: string, content: string | undefined): void {
  if (content === undefined) {
    rmSync(path, { force: true })
    return
  }
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

/** The last lines of what each keepalived has logged. */
export function logsOf(scenario: Scenario, directory: string): string {
  return scenario.nodes
    .map(({ name }) => {
      const lines = readFileSync(join(directory, `${name}.log`), 'utf8').split('\n')
      return `${name}:\n${lines
        .filter((line) => !line.includes('gratuitous'))
        .slice(-25)
        .join('\n')}`
    })
    .join('\n')
}
