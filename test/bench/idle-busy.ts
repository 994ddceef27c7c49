import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { VIP } from './pair-spec.ts'
import { startAgents } from './sides.ts'

const IDLE_MS = 60_000
const SETTLE_MS = 5_000
const BUSY_LOOPS = 8

export type Idle = { seconds: number; agents: readonly { node: string; cpuPercent: number; rssMb: number }[] }
export type Busy = {
  minutes: number
  loops: number
  moves: number
  longestNobodyMs: number
  longestTogetherMs: number
  loadAverage: number
}

/** What two agents cost that have nothing to do but look at HAProxy every 100 ms. */
export async function measureIdle(signal: AbortSignal): Promise<Idle> {
  const { lab, context } = await startAgents('100ms', 1_000, signal)
  try {
    await context.client.close()
    await sleep(SETTLE_MS, undefined, { signal })
    const ticksPerSecond = await clockTicks()
    const agents = await Promise.all(
      context.agents.map(async (agent) => ({ node: agent.node, pid: (await agent.status())?.agent.pid ?? 0 })),
    )
    const before = agents.map(({ pid }) => cpuTicks(pid))
    await sleep(IDLE_MS, undefined, { signal })
    return {
      seconds: IDLE_MS / 1000,
      agents: agents.map(({ node, pid }, index) => ({
        node,
        cpuPercent: round((100 * (cpuTicks(pid) - (before[index] ?? 0))) / ticksPerSecond / (IDLE_MS / 1000)),
        rssMb: round(residentKb(pid) / 1024),
      })),
    }
  } finally {
    context.holders.close()
    await lab.close()
  }
}

/** How often the VIP moves while loops that never rest take the processor from everything. */
export async function measureBusy(minutes: number, signal: AbortSignal): Promise<Busy> {
  const { lab, context } = await startAgents('100ms', 100, signal)
  const loops: ChildProcess[] = []
  try {
    for (let count = 0; count < BUSY_LOOPS; count += 1)
      loops.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }))
    const fromMs = Date.now()
    await sleep(minutes * 60_000, undefined, { signal })
    const untilMs = Date.now()
    const loadAverage = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])
    for (const loop of loops) loop.kill('SIGKILL')
    await sleep(1_000)
    const { moves, longestNobodyMs, longestTogetherMs } = context.holders.summarize(VIP, fromMs, untilMs)
    return { minutes, loops: BUSY_LOOPS, moves, longestNobodyMs, longestTogetherMs, loadAverage }
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
    context.holders.close()
    await lab.close()
  }
}

export function formatIdle({ seconds, agents }: Idle): string {
  return agents
    .map(({ node, cpuPercent, rssMb }) => `${node}: ${cpuPercent} % of a core over ${seconds} s, ${rssMb} MB`)
    .join('\n')
}

export function formatBusy({ minutes, loops, moves, longestNobodyMs, longestTogetherMs, loadAverage }: Busy): string {
  return `${moves} moves in ${minutes} min with ${loops} busy loops (load ${loadAverage}), nobody held the VIP for ${longestNobodyMs} ms at most, two for ${longestTogetherMs} ms`
}

async function clockTicks(): Promise<number> {
  const said = await exec('getconf', ['CLK_TCK'], { timeoutMs: 5_000 })
  if (!succeeded(said)) throw new Error(`getconf CLK_TCK: ${describeFailure(said)}`)
  return Number(said.stdout.toString('utf8'))
}

/** User and system time of a process (proc_pid_stat(5), fields 14 and 15). */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

function round(value: number): number {
  return Math.round(100 * value) / 100
}
