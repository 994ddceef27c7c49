import { type MonitoringPart, monitoringText } from '../monitoring/text.ts'
import { shown } from '../spec/shown.ts'
import { readDesired } from './read-desired.ts'
import { refuse, refuseFor } from './refuse.ts'

export type MonitoringOptions = Partial<Record<MonitoringPart, boolean>> & { port: string }

/** Prints what Prometheus or Grafana needs for the cluster of PATH. */
export async function monitoring(path: string, options: MonitoringOptions): Promise<number> {
  const [part, ...more] = (['rules', 'scrape', 'grafana'] as const).filter((name) => options[name] === true)
  const port = Number(options.port)
  if (part === undefined || more.length > 0) return refuse('monitoring prints one of --rules, --scrape and --grafana')
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return refuse(`--port is ${shown(options.port)}; a port is 1-65535`)
  const desired = readDesired(path)
  if (desired.kind === 'problems') return refuseFor(desired.problems)
  process.stdout.write(monitoringText(part, desired.spec, port))
  return 0
}
