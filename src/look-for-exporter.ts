import { hasExporter, SERVE_BY_AGENT } from './daemons/haproxy-exporter.ts'
import type { Parts } from './parts.ts'

/**
 * The built-in template leaves the exporter out where HAProxy has none, because nothing that serves should hang on figures.
 * Nobody would ever say so; hence a trouble, as long as agent.yaml wants it.
 */
export async function lookForExporter({ config, troubles }: Parts): Promise<void> {
  if (config.metrics.haproxy === 'agent' || (await hasExporter([config.haproxy.binary])) !== false) {
    troubles.clear('exporter')
    return
  }
  troubles.raise(
    'exporter',
    `HAProxy was built without its exporter (PROMEX), so nothing answers /metrics of its health listener: ${SERVE_BY_AGENT}`,
  )
}
