import { stringify } from 'yaml'
import type { Spec } from '../spec/spec.ts'
import { dashboard } from './dashboard.ts'
import { alertRules } from './rules.ts'
import { scrapeFile } from './scrape.ts'

export type MonitoringPart = 'rules' | 'scrape' | 'grafana'

/** What `lb-agent monitoring` prints: YAML for Prometheus, JSON for Grafana. `agentPort`: see `scrapeFile`. */
export function monitoringText(part: MonitoringPart, spec: Spec, agentPort: number): string {
  switch (part) {
    case 'rules':
      return stringify(alertRules(spec), { lineWidth: 0, aliasDuplicateObjects: false })
    case 'scrape':
      return scrapeFile(spec, agentPort)
    case 'grafana':
      return `${JSON.stringify(dashboard(spec), undefined, 2)}\n`
    default:
      return part satisfies never
  }
}
