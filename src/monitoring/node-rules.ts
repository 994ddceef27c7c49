import type { Spec } from '../spec/spec.ts'
import { type AlertRule, CRITICAL, WARNING } from './alert-rule.ts'
import type { Selector } from './selector.ts'

/** One balancer: its agent and its daemons. */
export function nodeRules(of: Selector, { cluster }: Pick<Spec, 'cluster'>): AlertRule[] {
  // Not by job: an alert about the whole cluster has none.
  const firing = (more: string): string =>
    `ALERTS{alertname=~"Lb.+",alertname!="LbNotWell",alertstate="firing",cluster="${cluster}",${more}}`
  return [
    {
      alert: 'LbNoAgentAnswers',
      // Without a single target every other rule would be quiet for ever.
      expr: `max by (cluster) (${of('up')}) == 0 or max by (cluster) (absent(${of('up')}))`,
      for: '1m',
      labels: CRITICAL,
      annotations: {
        summary: 'No balancer of {{ $labels.cluster }} answers',
        description:
          'All of them are down, or Prometheus cannot reach them, or has no such targets: nothing is known of any VIP.',
        run: 'lb-agent status --cluster   # on any balancer that can be reached',
      },
    },
    {
      alert: 'LbAgentDown',
      expr: `${of('up')} == 0 and on (cluster) max by (cluster) (${of('up')}) == 1`,
      for: '1m',
      labels: WARNING,
      annotations: {
        summary: 'The agent on {{ $labels.instance }} does not answer',
        description:
          'If the node is there, HAProxy and keepalived go on without the agent, but nothing is applied and nobody watches.',
        run: 'systemctl status lb-agent lb-agent-embedded   # on {{ $labels.instance }}; or lb-agent status --cluster elsewhere',
      },
    },
    {
      alert: 'LbGateClosed',
      expr: `${of('lb_agent_gate_open')} == 0`,
      for: '30s',
      labels: WARNING,
      annotations: {
        summary: 'HAProxy on {{ $labels.instance }} cannot serve',
        description: 'This balancer holds no VIP until HAProxy answers. Its VIPs are on the others.',
        run: 'lb-agent status   # on {{ $labels.instance }}',
      },
    },
    {
      alert: 'LbKeepalivedDown',
      expr: `${of('lb_agent_keepalived_up')} == 0`,
      for: '30s',
      labels: WARNING,
      annotations: {
        summary: 'keepalived on {{ $labels.instance }} does not run, or hangs',
        description: 'This balancer cannot take over a VIP.',
        run: 'lb-agent status   # on {{ $labels.instance }}',
      },
    },
    {
      alert: 'LbDaemonDies',
      // One that is up again within seconds closes no gate for long. One that stays down has an alert of its own, sooner
      // than this one, and what it counted until it was mended is no news. 2.5: `increase` makes a little more of two.
      expr: `increase(${of('lb_agent_daemon_deaths_total')}[10m]) > 2.5 unless on (cluster, instance) count_over_time(${firing('alertname=~"LbGateClosed|LbKeepalivedDown"')}[10m])`,
      for: '1m',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.daemon }} on {{ $labels.instance }} dies again and again',
        description: 'It was started again each time.',
        run: 'lb-agent why VIP   # on {{ $labels.instance }}, of any VIP: when and how it died; then its log: journalctl, or {{ $labels.daemon }}.log in the state directory',
      },
    },
    {
      alert: 'LbOldWorkers',
      expr: `${of('lb_agent_haproxy_old_workers')} > 3`,
      for: '15m',
      labels: WARNING,
      annotations: {
        summary: '{{ $value }} old workers of HAProxy still run on {{ $labels.instance }}',
        description: 'Each keeps the memory of the file that it was started with, until haproxy.hardStopAfter.',
        run: 'lb-agent status   # on {{ $labels.instance }} counts them; a shorter hardStopAfter in lb.yaml ends them',
      },
    },
    {
      alert: 'LbNotWell',
      // What has an alert of its own is not told twice.
      expr: `${of('lb_agent_well')} == 0 unless on (cluster, instance) ${firing('instance!=""')} unless on (cluster) ${firing('instance="",severity="critical"')}`,
      for: '10m',
      labels: WARNING,
      annotations: {
        summary: 'Something on {{ $labels.instance }} wants looking at',
        description:
          'lb-agent status has had something to complain about for ten minutes that no other alert is about.',
        run: 'lb-agent status   # on {{ $labels.instance }}; its first line says what',
      },
    },
  ]
}
