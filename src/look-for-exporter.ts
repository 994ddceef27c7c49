import { hasExporter, SERVE_BY_AGENT } from './daemons/haproxy-exporter.ts'
import type { Parts } from './parts.ts'

/**
 * The built-in template leaves the exporter out where HAProxy has none, because nothing that serves should hang on figures.
 * Nobody would ever say so; hence a trouble, as long as agent.yaml wants it.
 */
export async function lookForExporter({ config, health, troubles }: Parts): Promise<void> {
  if (config.metrics.haproxy === 'agent' || (await hasExporter([config.haproxy.binary])) !== false) {
    troubles.clear('exporter')
    return
  }
  const port = health.expectation()?.healthPort
  const where = port === undefined ? '/metrics of its health listener' : `http://127.0.0.1:${port}/metrics`
  troubles.raise(
    'exporter',
    `HAProxy was built without its exporter (PROMEX), so there is nothing at ${where}: ${SERVE_BY_AGENT}`,
  )
}
