import { stringify } from 'yaml'
import { endpoint } from '../spec/address.ts'
import type { Spec } from '../spec/spec.ts'
import { JOB } from './selector.ts'

type ScrapeConfig = {
  job_name: string
  scrape_interval: string
  static_configs: { targets: string[]; labels: Readonly<Record<string, string>> }[]
}

/**
 * What goes into prometheus.yml, as text. Each node is a target by its address and has its name as `instance`; `agentPort`
 * is the port of `http.listen` in agent.yaml.
 */
export function scrapeFile(spec: Spec, agentPort: number): string {
  return `${stringify({ scrape_configs: scrapeConfigs(spec, agentPort) })}${aboutHaproxy(spec)}`
}

function scrapeConfigs(spec: Spec, agentPort: number): ScrapeConfig[] {
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

/** lb.yaml does not know who serves HAProxy's figures on a node, and its exporter is where only the node itself can ask. */
function aboutHaproxy({ cluster, nodes, haproxy }: Spec): string {
  const target = `127.0.0.1:${haproxy.healthPort}`
  return `
# HAProxy's own figures, haproxy_*: with "metrics: { haproxy: agent }" in a node's agent.yaml the target above has them.
# With "builtin", the default, HAProxy serves them at http://${target}/metrics, on the node only. Where you run a collector
# on each node (Prometheus in agent mode, Grafana Alloy, vmagent), this is for the one on ${nodes[0]?.name}:
#
# - job_name: haproxy
#   static_configs: [{ targets: ["${target}"], labels: { cluster: "${cluster}", instance: "${nodes[0]?.name}" } }]
`
}
