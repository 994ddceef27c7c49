import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLEAN_ENV, describeFailure, type ExecResult, exec } from '../exec.ts'
import { connectControl } from '../serve/control-client.ts'
import type { Status } from '../status.ts'
import type { Lab } from './lab.ts'

/** A real agent on one balancer of the lab, with HAProxy and keepalived of its own. */
export type LabAgent = {
  node: string
  directory: string
  configFile: string
  /** `env`: added to the agent's environment. */
  start(env?: Readonly<Record<string, string>>): void
  /** To the agent alone, not to its daemons. */
  signal(signal: NodeJS.Signals): void
  /** Ends the agent alone; its daemons go on. Returns once it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  run(args: readonly string[], timeoutMs?: number): Promise<ExecResult>
  status(): Promise<Status | undefined>
  /** Pid of a daemon's main process, from its own pid file. */
  pidOf(daemon: 'haproxy' | 'keepalived'): number
}

export type LabAgentOptions = {
  repositoryUrl: string
  /** More lines of agent.yaml. */
  settings?: string
  /** The `http:` of agent.yaml; by default everybody in the lab may read. */
  http?: string
}

const ENDS_WITHIN_MS = 15_000

/** Prepares an agent for every balancer of the spec; `start()` starts it. */
export function createLabAgents(lab: Lab, nodes: readonly string[], options: LabAgentOptions): LabAgent[] {
  const bin = installProgram(lab)
  return nodes.map((node) => createLabAgent(lab, node, bin, options))
}

/** Waits until `test` holds. Throws with `what` at the deadline. */
export async function until(
  what: string,
  timeoutMs: number,
  test: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await test())) {
    signal?.throwIfAborted()
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(20)
  }
}

function createLabAgent(lab: Lab, node: string, bin: string, options: LabAgentOptions): LabAgent {
  const directory = lab.nodeDirectory(node)
  const configFile = join(directory, 'agent.yaml')
  const namespace = lab.network.namespace(node)
  mkdirSync(directory, { recursive: true })
  writeFileSync(configFile, agentYaml(node, directory, bin, options))
  let child: ChildProcess | undefined
  const signalAgent = (signal: NodeJS.Signals): void => {
    // `ip netns exec` becomes the launcher, and that becomes the agent: the pid stays.
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(child.pid, signal)
  }
  // UNIX sockets are files: no process in the namespace is needed to ask.
  const status = async (): Promise<Status | undefined> => {
    try {
      return (await connectControl(join(directory, 'run', 'control.sock')).get('/v1/status')) as Status
    } catch {
      return undefined
    }
  }
  const run = (args: readonly string[], timeoutMs = 30_000): Promise<ExecResult> =>
    exec('ip', ['netns', 'exec', namespace, bin, ...args, '--config', configFile], { timeoutMs })
  return {
    node,
    directory,
    configFile,
    run,
    status,
    start: (env = {}) => {
      const log = openSync(join(directory, 'agent.log'), 'a')
      child = spawn('ip', ['netns', 'exec', namespace, bin, 'run', '--config', configFile], {
        stdio: ['ignore', log, log],
        env: { ...CLEAN_ENV, ...env },
        detached: true,
      })
      closeSync(log)
      child.on('error', () => undefined)
      child.unref()
    },
    signal: signalAgent,
    end: async (signal) => {
      const ending = child
      if (ending === undefined) return
      signalAgent(signal)
      await until(
        `the agent of ${node} ends`,
        ENDS_WITHIN_MS,
        async () => ending.exitCode !== null || ending.signalCode !== null,
      )
    },
    pidOf: (daemon) => Number(readFileSync(join(directory, 'run', `${daemon}.pid`), 'utf8')),
  }
}

/** `sync` on every agent at once; throws with what an agent said unless all succeed. */
export async function syncAll(agents: readonly LabAgent[], ...flags: readonly string[]): Promise<void> {
  const results = await Promise.all(agents.map((agent) => agent.run(['sync', ...flags], 60_000)))
  for (const [index, result] of results.entries()) {
    if (result.kind === 'exited' && result.code === 0) continue
    const said = result.stdout.toString('utf8').trim().split('\n').slice(-2).join(' | ')
    throw new Error(`sync on ${agents[index]?.node}: ${said || describeFailure(result)}`)
  }
}

/** Puts another bundle in the place of the one that the lab's agents run, as a package does. `comment` makes its bytes new. */
export function replaceBundle(lab: Lab, comment: string): void {
  const bundle = join(lab.directory, 'bin', 'lb-agent.mjs')
  copyFileSync(join(lab.program.directory, 'lb-agent.mjs'), `${bundle}.new`)
  appendFileSync(`${bundle}.new`, `\n// ${comment}\n`)
  renameSync(`${bundle}.new`, bundle)
}

function installProgram(lab: Lab): string {
  const bin = join(lab.directory, 'bin')
  mkdirSync(bin)
  for (const name of ['lb-agent', 'lb-agent.mjs']) copyFileSync(join(lab.program.directory, name), join(bin, name))
  symlinkSync(lab.program.node, join(bin, 'node'))
  return join(bin, 'lb-agent')
}

function agentYaml(node: string, directory: string, launcher: string, options: LabAgentOptions): string {
  return `node: ${node}
repository: { url: "${options.repositoryUrl}", branch: main, every: 30s }
supervisor: embedded
${options.http ?? 'http: { listen: "0.0.0.0:9853" }'}
paths:
  state: ${directory}/state
  runtime: ${directory}/run
  haproxyConfig: ${directory}/etc/haproxy/haproxy.cfg
  keepalivedConfig: ${directory}/etc/keepalived/keepalived.conf
  launcher: ${launcher}
${options.settings ?? ''}`
}
