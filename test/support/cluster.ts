import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLoadedRelease } from '../../src/daemons/haproxy-state.ts'
import type { Client } from '../../src/drill/client.ts'
import { namespacesWith, pidsIn } from '../../src/drill/ip.ts'
import { createLab, LABS, type Lab } from '../../src/drill/lab.ts'
import { createLabAgents, type LabAgent, until } from '../../src/drill/lab-agents.ts'
import type { Window } from '../../src/drill/statistics.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { connectControl } from '../../src/serve/control-client.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Status } from '../../src/status.ts'
import { createRepository, type Repository } from './repo.ts'

export const VIP = '10.9.0.100'

/** Two balancers with real agents and daemons, VIP `v`, service `web` on two servers, and a client that never stops asking. */
export type Cluster = {
  lab: Lab
  repository: Repository
  one: LabAgent
  two: LabAgent
  agents: readonly LabAgent[]
  client: Client
  /** Ends everything and asserts that nothing is left. */
  close(): Promise<void>
}

export type SpecOptions = { comment?: string; virtualRouterId?: number; services?: string }

/** lb.yaml of the cluster. */
export function specText({ comment = '', virtualRouterId = 7, services = '' }: SpecOptions = {}): string {
  return `version: 1
cluster: test
nodes:
  one: { address: 10.9.0.1, interface: eth0 }
  two: { address: 10.9.0.2, interface: eth0 }
vrrp: { failback: { after: 3s } }
vips:
  v: { address: ${VIP}, virtualRouterId: ${virtualRouterId}, prefer: [one, two] }
pools:
  web: { alpha: 10.9.1.1, beta: 10.9.1.2 }
services:
  web: { vip: v, port: 80, pool: web }
${services}# ${comment}
`
}

/** A service of the same pool on another port. */
export function onePort(port: number): string {
  return `  port-${port}: { vip: v, port: ${port}, pool: web, serverPort: 80 }\n`
}

const SETTINGS = 'apply: { confirmWindow: 400ms, reloadTimeout: 6s }\n'

/** Builds the cluster and waits until node `one` holds the VIP and all is well. */
export async function startCluster(settings = SETTINGS, http?: string): Promise<Cluster> {
  const text = specText()
  const parsed = parseSpec(text, 'lb.yaml')
  assert.equal(parsed.kind, 'spec', JSON.stringify(parsed))
  if (parsed.kind !== 'spec') throw new Error('unreachable')
  const repository = createRepository()
  const lab = await createLab(parsed.spec)
  try {
    repository.commit({ 'lb.yaml': text }, 'Describe the cluster')
    const agents = createLabAgents(lab, ['one', 'two'], {
      ...{ repositoryUrl: repository.url, settings },
      ...(http === undefined ? {} : { http }),
    })
    const [one, two] = agents
    assert.ok(one !== undefined && two !== undefined)
    for (const agent of agents) agent.start()
    const client = lab.startClient(10)
    const cluster: Cluster = {
      lab,
      repository,
      one,
      two,
      agents,
      client,
      close: async () => {
        await client.close()
        repository.close()
        await lab.close()
        assert.deepEqual(await leftOf(lab.id), [])
      },
    }
    await settled(cluster)
    return cluster
  } catch (error) {
    await lab.close()
    repository.close()
    throw error
  }
}

/** Waits until both nodes are well and `one` alone holds the VIP. */
export async function settled({ lab, agents }: Cluster): Promise<void> {
  let last = ''
  await until('both nodes are well and one holds the VIP', 30_000, async () => {
    const holders = (await lab.holdersOf(VIP)).join()
    const statuses = await Promise.all(agents.map((agent) => agent.status()))
    last = `held by ${holders}; ${statuses.map((status) => status?.headline.text ?? 'no answer').join('; ')}`
    return holders === 'one' && statuses.every((status) => status?.headline.well === true)
  }).catch((error: Error) => {
    throw new Error(`${error.message} (${last})`)
  })
}

/** Commits lb.yaml, puts it live on both nodes, and waits until all is well; returns the revision. */
export async function apply(cluster: Cluster, options: SpecOptions, message = 'Change'): Promise<string> {
  const sha = cluster.repository.commit({ 'lb.yaml': specText(options), ...NO_TEMPLATES }, message)
  for (const result of await Promise.all(cluster.agents.map((agent) => sync(agent))))
    assert.equal(result.code, 0, result.said)
  await settled(cluster)
  return sha
}

const NO_TEMPLATES = { 'templates/haproxy.cfg.j2': null, 'templates/keepalived.conf.j2': null }

/** `lb-agent sync --wait` with its exit code and what it printed. */
export async function sync(agent: LabAgent, ...flags: readonly string[]): Promise<{ code: number; said: string }> {
  return verb(agent, 'sync', '--wait', ...flags)
}

/** Any verb of the program on a node, as a person would call it. */
export async function verb(agent: LabAgent, ...args: readonly string[]): Promise<{ code: number; said: string }> {
  const result = await agent.run(args, 60_000)
  assert.equal(result.kind, 'exited', `${args.join(' ')}: ${JSON.stringify(result)}`)
  return {
    code: result.kind === 'exited' ? result.code : -1,
    said: `${result.stdout.toString('utf8')}${result.stderr}`.trim(),
  }
}

/** The status of a node whose agent answers. */
export async function statusOf(agent: LabAgent): Promise<Status> {
  let status: Status | undefined
  await until(`${agent.node} answers`, 15_000, async () => {
    status = await agent.status()
    return status !== undefined
  })
  assert.ok(status !== undefined)
  return status
}

export function releaseOf(status: Status): string {
  assert.ok(status.applied !== null, status.headline.text)
  return status.applied.release
}

/** Both live files as they are on disk. */
export function livePair(agent: LabAgent): { haproxy: string; keepalived: string } {
  return {
    haproxy: readFileSync(liveFile(agent, 'haproxy'), 'utf8'),
    keepalived: readFileSync(liveFile(agent, 'keepalived'), 'utf8'),
  }
}

export function liveFile(agent: LabAgent, daemon: 'haproxy' | 'keepalived'): string {
  return join(agent.directory, 'etc', daemon, daemon === 'haproxy' ? 'haproxy.cfg' : 'keepalived.conf')
}

/** The two files of a stored release. */
export function storedPair(agent: LabAgent, release: string): { haproxy: string; keepalived: string } {
  const directory = join(agent.directory, 'state', 'releases', release)
  return {
    haproxy: readFileSync(join(directory, 'haproxy.cfg'), 'utf8'),
    keepalived: readFileSync(join(directory, 'keepalived.conf'), 'utf8'),
  }
}

/** Ids of all releases that a node has stored. */
export function storedReleases(agent: LabAgent): string[] {
  return readdirSync(join(agent.directory, 'state', 'releases')).filter((name) => !name.startsWith('.'))
}

/** The release id that HAProxy's worker itself carries (`show info`). */
export async function loadedRelease(agent: LabAgent): Promise<string> {
  const answer = await readLoadedRelease(join(agent.directory, 'run', 'haproxy.sock'), 2_000)
  return answer.kind === 'answer' ? answer.text : `unavailable: ${answer.reason}`
}

/** What the client saw of service `web` since the last call of `client.mark()`. */
export async function seenByClient(client: Client): Promise<Window> {
  const { web } = await client.report()
  assert.ok(web !== undefined)
  assert.ok(web.sent > 0, 'the client sent nothing')
  return web
}

/** Fails unless the client had an answer to every request since `client.mark()`; then says what the agents logged of gates and VIPs. */
export async function nothingLost({ client, agents }: Cluster): Promise<void> {
  const { failed, failures, longestGapMs } = await seenByClient(client)
  if (failed === 0) return
  const logs = agents.flatMap((agent) =>
    readFileSync(join(agent.directory, 'agent.log'), 'utf8')
      .split('\n')
      .filter((line) => /gate|VRRP|died|interrupted/.test(line))
      .slice(-8)
      .map((line) => `${agent.node}: ${line}`),
  )
  assert.fail(
    [`${failed} requests failed: ${JSON.stringify(failures)}, longest gap ${longestGapMs} ms`, ...logs].join('\n'),
  )
}

/** A request that is under way in the very moment of a move can be lost; that moment is measured by the benchmark. */
export async function noneLostButOnTheWay({ client }: Cluster): Promise<void> {
  const { sent, failed, failures, longestGapMs } = await seenByClient(client)
  assert.ok(
    failed <= 3 && longestGapMs < 250,
    `${failed} of ${sent} failed: ${JSON.stringify(failures)}, gap ${longestGapMs} ms`,
  )
}

/** Main processes of the daemons in a node's namespace: each once, or something is wrong. */
export async function mainProcesses(
  { lab }: Cluster,
  node: string,
): Promise<{ haproxy: number[]; keepalived: number[] }> {
  const pids = await pidsIn(lab.network.namespace(node))
  const named = pids.map((pid) => ({ pid, name: commOf(pid), parent: commOf(parentOf(pid)) }))
  const mains = (daemon: string): number[] =>
    named
      .filter(({ pid, name, parent }) => name === daemon && !parent.startsWith(daemon) && !onlyAsks(pid))
      .map(({ pid }) => pid)
  return { haproxy: mains('haproxy'), keepalived: mains('keepalived') }
}

/** Kills the agent (not its daemons) and returns once it is gone. */
export async function killAgent(agent: LabAgent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const pid = agentPid(agent)
  process.kill(pid, signal)
  await ended(pid)
}

/** The pid that the agent wrote into its lock. */
export function agentPid(agent: LabAgent): number {
  return Number(readFileSync(join(agent.directory, 'state', 'lock'), 'utf8'))
}

export async function ended(pid: number, withinMs = 10_000): Promise<void> {
  await until(`process ${pid} ends`, withinMs, async () => !isRunning(pid))
}

/** Starts a pass like `lb-agent sync` and hands on every event as it comes; ends quietly with the agent. */
export async function followSync(agent: LabAgent, onEvent: (event: Record<string, unknown>) => void): Promise<void> {
  const control = connectControl(join(agent.directory, 'run', 'control.sock'))
  try {
    await control.stream('/v1/sync', (event) => {
      onEvent(event as Record<string, unknown>)
      return 'more'
    })
  } catch {
    // The agent died while it answered.
  }
}

/** Namespaces, directories and processes that a closed lab has left. */
export async function leftOf(id: string): Promise<string[]> {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(`${LABS}/${id}/`))
  const directories = [join(LABS, id)].filter((path) => existsSync(path))
  return [...(await namespacesWith(`lb-${id}-`)), ...directories, ...processes]
}

export function isRunning(pid: number): boolean {
  const stat = readQuietly(`/proc/${pid}/stat`)
  return stat !== '' && !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

export function parentOf(pid: number): number {
  const stat = readQuietly(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}

/** `haproxy -c`, `haproxy -vv`, `keepalived -t`: a daemon that answers a question of the agent and ends; or has just ended. */
function onlyAsks(pid: number): boolean {
  const words = readQuietly(`/proc/${pid}/cmdline`)
  return words === '' || /\0(?:-c|-vv?|-t|--signum=\w+)\0/.test(words)
}

function commOf(pid: number): string {
  return readQuietly(`/proc/${pid}/comm`).trim()
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Makes a directory read-only for the agent and its daemons (which share a mount namespace) while `work` goes on. */
export async function readOnly(agent: LabAgent, directory: string, work: () => Promise<void>): Promise<void> {
  const mount = async (...args: string[]): Promise<void> => {
    const result = await exec('nsenter', ['-t', String(agentPid(agent)), '-m', ...args], { timeoutMs: 5_000 })
    assert.ok(succeeded(result), describeFailure(result))
  }
  await mount('mount', '--bind', directory, directory)
  try {
    await mount('mount', '-o', 'remount,ro,bind', directory)
    await work()
  } finally {
    await mount('umount', directory)
  }
}
