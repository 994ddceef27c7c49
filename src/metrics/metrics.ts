import { Registry } from 'prom-client'
import type { Parts } from '../parts.ts'
import type { Status } from '../status.ts'
import { createAgentSamples } from './agent-samples.ts'
import { type Counted, createCounted } from './counted.ts'
import { createKeepalivedSamples } from './keepalived-samples.ts'
import { createProcessSamples } from './process-samples.ts'

export type Metrics = {
  counted: Counted
  contentType: string
  /** The text of one scrape. Waits for no daemon: what is not known has no sample. */
  scrape(parts: Parts, status: Status): Promise<string>
}

export function createMetrics(startedAtMs: number): Metrics {
  const registry = new Registry()
  const counted = createCounted(registry)
  const agent = createAgentSamples(registry)
  const keepalived = createKeepalivedSamples(registry)
  const process = createProcessSamples(registry, startedAtMs)
  return {
    counted,
    contentType: registry.contentType,
    scrape: async (parts, status) => {
      agent.fill(status, parts.haproxyProcesses())
      keepalived.fill({
        status,
        vips: parts.health.expectation()?.vips ?? [],
        dump: parts.keepalivedCounts(),
      })
      process.fill()
      return await registry.metrics()
    },
  }
}
