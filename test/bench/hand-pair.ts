import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { holder } from '../../src/drill/context.ts'
import { moved, type Seen, stayed } from '../../src/drill/faults/fault.ts'
import { pidsIn } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import { killWithChildren, signalAll, withChildren } from '../../src/processes.ts'
import { type HandStyle, haproxyByHand } from './hand-files.ts'
import { NO_FAULT, NO_FAULT_MS, type PairFault } from './pair-fault.ts'
import { NODES, VIP } from './pair-spec.ts'

/** HAProxy and keepalived on both nodes as a person runs them: started once, and again only when a round is over. */
export type HandPair = {
  fault(name: string): PairFault
  /** Whatever a round has ended runs again, and the VIP is back on the first node. */
  mend(): Promise<void>
}

type Daemon = 'haproxy' | 'keepalived'

const BACK_WITHIN_MS = 30_000
/** What a written pair needs at most to move a VIP, twice. A VIP that has not moved by then never does. */
const WINDOW_MS = 12_000

/** Starts the pair in the lab of `seen`; it ends with the lab. Returns once the first node holds the VIP. */
export async function startHandPair(seen: Seen, style: HandStyle): Promise<HandPair> {
  const daemons = new Map<string, ChildProcess>()
  for (const node of NODES) prepare(seen, node, style)
  const start = (node: string, daemon: Daemon): void => {
    const running = daemons.get(`${node} ${daemon}`)
    if (running !== undefined && running.exitCode === null && running.signalCode === null) return
    daemons.set(`${node} ${daemon}`, startDaemon(seen, node, daemon))
  }
  const pidOf = (node: string, daemon: Daemon): number => daemons.get(`${node} ${daemon}`)?.pid ?? 0
  const mend = async (): Promise<void> => {
    for (const node of NODES) {
      await seen.lab.network.heal(node)
      signalAll(await pidsIn(seen.lab.network.namespace(node)), 'SIGCONT')
      for (const daemon of ['haproxy', 'keepalived'] as const) start(node, daemon)
    }
    const isBack = async (): Promise<boolean> => seen.holders.now(VIP).join() === NODES[0]
    await until(`${style.name}: the VIP is on ${NODES[0]}`, BACK_WITHIN_MS, isBack, seen.signal)
    // HAProxy finds its servers up.
    await sleep(3_000)
    if (seen.holders.now(VIP).join() !== NODES[0]) await mend()
  }
  const waitAndSee = async (from: string): Promise<ReturnType<typeof moved>> => {
    await sleep(WINDOW_MS, undefined, { signal: seen.signal })
    return { ...moved(seen, from, holder(seen)), longestGapMs: Number.POSITIVE_INFINITY }
  }
  const faults: Record<string, (node: string) => Promise<void> | void> = {
    'haproxy-kill': (node) => killWithChildren(pidOf(node, 'haproxy')),
    'haproxy-hang': (node) => signalAll(withChildren(pidOf(node, 'haproxy')), 'SIGSTOP'),
    'keepalived-term': (node) => signalAll([pidOf(node, 'keepalived')], 'SIGTERM'),
    'keepalived-kill': (node) => killWithChildren(pidOf(node, 'keepalived')),
    'node-cut': (node) => seen.lab.network.cut(node),
    // What an operator does there: systemctl stop keepalived.
    drain: (node) => signalAll([pidOf(node, 'keepalived')], 'SIGTERM'),
  }
  await mend()
  return {
    mend,
    fault: (name) => ({
      name,
      spares: false,
      inject: async () => {
        const from = holder(seen)
        if (name === NO_FAULT) {
          await sleep(NO_FAULT_MS)
          return stayed(from, holder(seen), 'nothing happened')
        }
        await faults[name]?.(from)
        return waitAndSee(from)
      },
    }),
  }
}

function prepare(seen: Seen, node: string, style: HandStyle): void {
  const directory = directoryOf(seen, node)
  mkdirSync(directory, { recursive: true })
  const files = { check: join(directory, 'check.sh'), haproxyPid: join(directory, 'haproxy.pid') }
  writeFileSync(files.check, style.check(files), { mode: 0o755 })
  writeFileSync(join(directory, 'haproxy.cfg'), haproxyByHand())
  writeFileSync(join(directory, 'keepalived.conf'), style.keepalived(node, files))
}

function startDaemon(seen: Seen, node: string, daemon: Daemon): ChildProcess {
  const directory = directoryOf(seen, node)
  const pid = (name: string): string => join(directory, `${name}.pid`)
  const argv =
    daemon === 'haproxy'
      ? ['haproxy', '-W', '-f', join(directory, 'haproxy.cfg'), '-p', pid('haproxy')]
      : [
          ...['keepalived', '--dont-fork', '--log-console', '--no-syslog', '--vrrp'],
          ...['--use-file', join(directory, 'keepalived.conf')],
          ...['--pid', pid('keepalived'), '--vrrp_pid', pid('vrrp'), '--checkers_pid', pid('checkers')],
        ]
  for (const name of daemon === 'haproxy' ? ['haproxy'] : ['keepalived', 'vrrp', 'checkers'])
    rmSync(pid(name), { force: true })
  const log = openSync(join(directory, `${daemon}.log`), 'a')
  const stdio: StdioOptions = ['ignore', log, log]
  // `ip netns exec` becomes the daemon: the pid stays.
  const child = spawn('ip', ['netns', 'exec', seen.lab.network.namespace(node), ...argv], { stdio, env: CLEAN_ENV })
  closeSync(log)
  child.on('error', () => undefined)
  return child
}

function directoryOf(seen: Seen, node: string): string {
  return join(seen.lab.directory, 'by-hand', node)
}

/** The last lines of each daemon's log, for an error. */
export function logsOf(seen: Seen): string {
  return NODES.flatMap((node) =>
    ['haproxy', 'keepalived'].map((daemon) => {
      const file = join(directoryOf(seen, node), `${daemon}.log`)
      const said = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ') : 'no log'
      return `${node} ${daemon}: ${said}`
    }),
  ).join('\n')
}
