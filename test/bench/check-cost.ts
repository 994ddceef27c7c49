import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { percentile } from '../../src/drill/statistics.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { columns } from './failover-report.ts'
import { startAgents } from './sides.ts'

/** Medians of many calls, one of each after the other: wall time of one call, and processor time on average. */
export type CheckCost = { name: string; calls: number; wallMs: number; cpuMs: number }

const CALLS = 200
const WITHIN_MS = 180_000

/** What `lb-agent check` costs beside what people put into a vrrp_script, inside of a balancer's namespace. */
export async function measureCheck(signal: AbortSignal): Promise<CheckCost[]> {
  const { lab, context } = await startAgents('100ms', 1_000, signal)
  try {
    await context.client.close()
    const node = context.agents[0]
    if (node === undefined) throw new Error('the lab has no balancer')
    const launcher = join(lab.directory, 'bin', 'lb-agent')
    const run = join(node.directory, 'run')
    const killall = existsSync('/usr/bin/killall') ? ['/usr/bin/killall', '-0', 'haproxy'] : ['/bin/pidof', 'haproxy']
    const commands: Record<string, readonly string[]> = {
      'true (a process start)': ['/bin/true'],
      [killall.join(' ').replace(/^.*\//, '')]: killall,
      'lb-agent check': [launcher, 'check', '--runtime', run],
      // A directory without a heartbeat is what a dead agent leaves: HAProxy itself is asked.
      'lb-agent check, no agent': [launcher, 'check', '--runtime', join(lab.directory, 'nowhere')],
      'node -e 0': [lab.program.node, '-e', '0'],
    }
    const argv = [
      lab.program.node,
      join(import.meta.dirname, 'time-commands.ts'),
      String(CALLS),
      JSON.stringify(commands),
    ]
    const where = ['netns', 'exec', lab.network.namespace(node.node)]
    const said = await exec('ip', [...where, ...argv], { timeoutMs: WITHIN_MS, signal })
    if (!succeeded(said)) throw new Error(`time-commands: ${describeFailure(said)}`)
    const times: Record<string, { wallMs: number[]; cpuMs: number }> = JSON.parse(said.stdout.toString('utf8'))
    return Object.entries(times).map(([name, { wallMs, cpuMs }]) => ({
      name,
      calls: CALLS,
      wallMs: Math.round(100 * percentile(wallMs, 50)) / 100,
      cpuMs: Math.round(100 * cpuMs) / 100,
    }))
  } finally {
    context.holders.close()
    await lab.close()
  }
}

export function formatCheck(costs: readonly CheckCost[]): string {
  const rows = costs.map(({ name, calls, wallMs, cpuMs }) => [name, String(calls), wallMs.toFixed(2), cpuMs.toFixed(2)])
  return columns([['', 'calls', 'wall ms p50', 'cpu ms mean'], ...rows], 1).join('\n')
}
