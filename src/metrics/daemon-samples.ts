import type { Registry } from 'prom-client'
import type { Units } from '../daemon-parts.ts'
import { type ProcessFigures, processesOf } from '../observe/process-figures.ts'
import { createForeignCounter, createGauge } from './samples.ts'

/** What the daemons' processes cost, of each all together: old workers of HAProxy are among them. */
export function createDaemonSamples(registry: Registry): { fill(units: Units): void } {
  const labels = ['daemon'] as const
  const processes = createGauge(registry, 'lb_agent_daemon_processes', 'Processes of the daemon.', labels)
  const memory = createGauge(
    registry,
    'lb_agent_daemon_resident_memory_bytes',
    'Resident memory of all processes of the daemon; what they share is counted once for each.',
    labels,
  )
  const cpu = createForeignCounter(
    registry,
    'lb_agent_daemon_cpu_seconds_total',
    'Processor time of all processes of the daemon, since this agent looked first.',
    labels,
  )
  const spent = { haproxy: createSpent(), keepalived: createSpent() }
  return {
    fill: (units) => {
      for (const each of [processes, memory, cpu]) each.clear()
      for (const daemon of ['haproxy', 'keepalived'] as const) {
        const state = units[daemon].state()
        const found = state.kind === 'running' ? processesOf(state.pid) : []
        cpu.set({ daemon }, spent[daemon](found))
        if (found.length === 0) continue
        processes.set({ daemon }, found.length)
        memory.set(
          { daemon },
          found.reduce((total, { residentBytes }) => total + residentBytes, 0),
        )
      }
    },
  }
}

/** Workers of HAProxy that may live at once, and more. */
const REMEMBERED = 64

/**
 * Adds up the processor time of processes that come and go. The sum of those that live would fall with every worker that
 * ends, and what was spent before the first look would rise again with every start of the agent: Prometheus would take
 * either for time that was spent just now.
 */
export function createSpent(): (found: readonly ProcessFigures[]) => number {
  let total = 0
  let isFirstLook = true
  // One that a look has missed, which the kernel's list of children allows, must not be counted from its start again.
  const known = new Map<string, number>()
  return (found) => {
    for (const { id, cpuSeconds } of found) {
      total += cpuSeconds - (known.get(id) ?? (isFirstLook ? cpuSeconds : 0))
      known.delete(id)
      known.set(id, cpuSeconds)
    }
    for (const id of [...known.keys()].slice(0, -REMEMBERED)) known.delete(id)
    isFirstLook = false
    return total
  }
}
