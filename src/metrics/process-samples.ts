import { readdirSync } from 'node:fs'
import type { Registry } from 'prom-client'
import { createForeignCounter, createGauge } from './samples.ts'

/**
 * The agent's own figures under the names that every dashboard knows. Not prom-client's default set: to measure the delay
 * of the event loop it wakes the process a hundred times a second.
 */
export function createProcessSamples(registry: Registry, startedAtMs: number): { fill(): void } {
  const samples = (name: string, help: string) => createGauge(registry, `process_${name}`, help)
  const cpu = createForeignCounter(registry, 'process_cpu_seconds_total', 'Processor time of the agent.')
  const memory = samples('resident_memory_bytes', 'Resident memory of the agent.')
  const started = samples('start_time_seconds', 'When the agent started.')
  const files = samples('open_fds', 'Descriptors that the agent has open.')
  return {
    fill: () => {
      const { user, system } = process.cpuUsage()
      cpu.clear()
      cpu.set({}, (user + system) / 1e6)
      memory.set({}, process.memoryUsage.rss())
      started.set({}, startedAtMs / 1000)
      files.set({}, readdirSync('/proc/self/fd').length)
    },
  }
}
