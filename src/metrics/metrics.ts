import { Registry } from 'prom-client'
import { type HaproxyFigures, parseFigures } from '../daemons/haproxy-figures.ts'
import type { Parts } from '../parts.ts'
import type { Status } from '../status.ts'
import { createAgentSamples } from './agent-samples.ts'
import { type Counted, createCounted } from './counted.ts'
import { createDaemonSamples } from './daemon-samples.ts'
import { writeHaproxy } from './haproxy-exposition.ts'
import { createKeepalivedSamples } from './keepalived-samples.ts'
import { createProcessSamples } from './process-samples.ts'
import { createTextBuffer } from './text-buffer.ts'

/** A scrape is about as long as the one before. */
const SPARE_BYTES = 128 * 1024

export type Metrics = {
  counted: Counted
  contentType: string
  /** The text of one scrape. Waits for no daemon: what is not known has no sample. */
  scrape(parts: Parts, status: Status): Promise<Buffer>
}

export function createMetrics(startedAtMs: number): Metrics {
  const registry = new Registry()
  const counted = createCounted(registry)
  const agent = createAgentSamples(registry)
  const keepalived = createKeepalivedSamples(registry)
  const daemons = createDaemonSamples(registry)
  const process = createProcessSamples(registry, startedAtMs)
  let lastBytes = 0
  return {
    counted,
    contentType: registry.contentType,
    scrape: async (parts, status) => {
      const dump = parts.keepalivedCounts()
      agent.fill(status, { oldWorkers: parts.haproxyOldWorkers(), dump })
      keepalived.fill({ status, vips: parts.health.expectation()?.vips ?? [], dump })
      daemons.fill(parts.units)
      process.fill()
      const out = createTextBuffer(lastBytes + SPARE_BYTES)
      out.append(await registry.metrics())
      const figures = figuresOfHaproxy(parts)
      if (figures !== undefined) writeHaproxy(figures, out)
      lastBytes = out.bytes().length
      return out.bytes()
    },
  }
}

/** None where HAProxy's own exporter is in the file that it runs: they must not be counted twice. */
function figuresOfHaproxy({ health, haproxy }: Parts): HaproxyFigures | undefined {
  if (health.expectation()?.haproxyMetrics !== 'agent') return undefined
  const fact = haproxy.latest()
  return fact.kind === 'known' ? parseFigures(fact.value.report) : undefined
}
