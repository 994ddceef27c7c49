import { stringify } from 'yaml'
import { dashboard } from '../monitoring/dashboard.ts'
import { alertRules } from '../monitoring/rules.ts'
import { scrapeFile } from '../monitoring/scrape.ts'
import { printProblems } from './print.ts'
import { readDesired } from './read-desired.ts'

export type MonitoringOptions = { rules?: boolean; scrape?: boolean; grafana?: boolean; port: string }

/** Prints what Prometheus or Grafana needs for the cluster of PATH. */
export async function monitoring(path: string, options: MonitoringOptions): Promise<number> {
  const asked = (['rules', 'scrape', 'grafana'] as const).filter((name) => options[name] === true)
  const port = Number(options.port)
  if (asked.length !== 1 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    console.error('lb-agent: monitoring prints one of --rules, --scrape and --grafana; --port is 1 to 65535')
    return 2
  }
  const desired = readDesired(path)
  if (desired.kind === 'problems') {
    printProblems(desired.problems)
    return 1
  }
  const { spec } = desired
  const made = {
    rules: () => stringify(alertRules(spec), { lineWidth: 0, aliasDuplicateObjects: false }),
    scrape: () => scrapeFile(spec, port),
    grafana: () => `${JSON.stringify(dashboard(spec), undefined, 2)}\n`,
  }
  process.stdout.write(asked.map((name) => made[name]()).join(''))
  return 0
}
