import { endpoint } from '../spec/address.ts'
import type { Spec } from '../spec/spec.ts'
import { JOB } from './selector.ts'

export type ScrapeConfig = {
  job_name: string
  scrape_interval: string
  static_configs: { targets: string[]; labels: Readonly<Record<string, string>> }[]
}

/**
 * What goes below `scrape_configs:` of prometheus.yml. Each node is a target by its address and has its name as
 * `instance`; `agentPort` is the port of `http.listen` in agent.yaml.
 */
export function scrapeConfigs(spec: Spec, agentPort: number): ScrapeConfig[] {
  return [
    {
      // Prometheus wants another name for each entry, and the rules want one job.
      job_name: `${JOB}-${spec.cluster}`,
      scrape_interval: '5s',
      static_configs: spec.nodes.map(({ name, address }) => ({
        targets: [endpoint(address, agentPort)],
        labels: { job: JOB, cluster: spec.cluster, instance: name },
      })),
    },
  ]
}
