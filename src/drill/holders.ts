import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLEAN_ENV, describeFailure, exec, succeeded } from '../exec.ts'
import { parseAddressEvent, parseAddresses } from './address-events.ts'
import { type Holding, type Stretch, summarizeHolding } from './holding.ts'
import type { Network } from './network.ts'

/**
 * Follows who holds which address. Every change is told by the kernel itself, so that nothing falls between two looks,
 * and costs nothing while nothing changes.
 */
export type Holders = {
  /** Balancers whose kernel has the address now, cut off or not. */
  now(address: string): string[]
  /** Who held the address in a window that has ended; epoch ms. */
  summarize(address: string, fromMs: number, untilMs: number): Holding
  /** Throws when a balancer is no longer followed. */
  close(): void
}

const LISTENS_WITHIN_MS = 5_000

/** Begins to follow the addresses of `nodes`; they are known when this returns. */
export async function followHolders(
  network: Pick<Network, 'namespace' | 'cuts'>,
  nodes: readonly string[],
  signal?: AbortSignal,
): Promise<Holders> {
  const stretches = new Map<string, Stretch[]>()
  const followers = nodes.map((node) => follow(node, network.namespace(node), stretches))
  const close = (): void => {
    for (const { monitor } of followers) monitor.kill('SIGKILL')
  }
  try {
    await Promise.all(followers.map(({ ready }) => ready(signal)))
  } catch (error) {
    close()
    throw error
  }
  const alive = (): void => {
    const lost = followers.find(({ monitor }) => monitor.exitCode !== null || monitor.signalCode !== null)
    if (lost !== undefined) throw new Error(`the addresses of ${lost.node} are no longer followed: ip monitor ended`)
  }
  return {
    now: (address) => {
      alive()
      const held = stretches.get(address) ?? []
      return nodes.filter((node) => held.some((stretch) => stretch.node === node && stretch.untilMs === undefined))
    },
    summarize: (address, fromMs, untilMs) => {
      alive()
      return summarizeHolding(stretches.get(address) ?? [], network.cuts(), fromMs, untilMs)
    },
    close,
  }
}

type Follower = { node: string; monitor: ChildProcess; ready(signal: AbortSignal | undefined): Promise<void> }

function follow(node: string, namespace: string, stretches: Map<string, Stretch[]>): Follower {
  const monitor = spawn('ip', ['-n', namespace, '-ts', '-o', 'monitor', 'address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // `ip` prints local time.
    env: { ...CLEAN_ENV, TZ: 'UTC' },
  })
  monitor.on('error', () => undefined)
  // It sleeps nearly always, and its time stamps are taken when it runs.
  if (monitor.pid !== undefined) setPriority(monitor.pid, -10)
  const told = new Set<string>()
  const take = (address: string, has: boolean, atMs: number): void => {
    const all = stretches.get(address) ?? []
    stretches.set(address, all)
    const open = all.find((stretch) => stretch.node === node && stretch.untilMs === undefined)
    if (has && open === undefined) all.push({ node, fromMs: atMs, untilMs: undefined })
    if (!has && open !== undefined) open.untilMs = atMs
  }
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const event = parseAddressEvent(line)
    if (event === undefined) return
    told.add(event.address)
    take(event.address, event.has, event.atMs)
  })
  return {
    node,
    monitor,
    ready: async (signal) => {
      await listening(monitor, namespace, signal)
      const look = await exec('ip', ['-n', namespace, '-o', 'address', 'show'], { timeoutMs: 5_000, signal })
      if (!succeeded(look)) throw new Error(`ip address show in ${namespace}: ${describeFailure(look)}`)
      // What has changed since is newer than this look.
      for (const address of parseAddresses(look.stdout.toString('utf8'))) if (!told.has(address)) take(address, true, 0)
    },
  }
}

/** Returns once the kernel has the monitor on its list, so that no change is missed from now on. */
async function listening(monitor: ChildProcess, namespace: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + LISTENS_WITHIN_MS
  while (!isSubscribed(monitor.pid ?? 0)) {
    signal?.throwIfAborted()
    if (performance.now() > deadline || monitor.exitCode !== null)
      throw new Error(`ip monitor of ${namespace} does not start`)
    await sleep(5)
  }
}

/** Columns of /proc/net/netlink: sk, Eth, Pid (the socket's port, which is the process's pid), Groups (hexadecimal), … */
function isSubscribed(pid: number): boolean {
  try {
    const rows = readFileSync(`/proc/${pid}/net/netlink`, 'utf8').split('\n')
    return rows.some((row) => {
      const [, , port, groups = '0'] = row.trim().split(/\s+/)
      return port === String(pid) && Number.parseInt(groups, 16) !== 0
    })
  } catch {
    return false
  }
}
