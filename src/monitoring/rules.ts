import type { Spec } from '../spec/spec.ts'
import { selectorOf } from './selector.ts'

/** One rule of Prometheus; `run` is the verb that a person begins with. */
export type AlertRule = {
  alert: string
  expr: string
  for: string
  labels: { severity: 'critical' | 'warning' }
  annotations: { summary: string; description: string; run: string }
}

export type RuleFile = { groups: { name: string; interval: string; rules: AlertRule[] }[] }

/**
 * Alerts about one cluster. Each is about a fact that an agent knows (the kernel's addresses, HAProxy's servers), never
 * about the number that some exporter gives a state. `cluster` is a label of the job, so that two clusters do not add up.
 */
export function alertRules(spec: Spec): RuleFile {
  const of = selectorOf(spec)
  const nobody = `sum by (cluster, vip) (${of('lb_agent_vip_owned')}) == 0`
  const silent = `(${of('up')} == 0)`
  const critical = { severity: 'critical' } as const
  const warning = { severity: 'warning' } as const
  const flips = 2 * Math.max(3, spec.nodes.length)
  return {
    groups: [
      {
        name: `lb-agent ${spec.cluster}`,
        // Prometheus' default is a minute.
        interval: '5s',
        rules: [
          {
            alert: 'LbVipWithoutHolder',
            expr: `${nobody} unless on (cluster) ${silent}`,
            for: '10s',
            labels: critical,
            annotations: {
              summary: 'VIP {{ $labels.vip }} is on no balancer',
              description:
                'All agents answer, and none of them has the address. Clients of this VIP get no connection.',
              run: 'lb-agent why {{ $labels.vip }}   # on each balancer',
            },
          },
          {
            alert: 'LbVipHolderUnknown',
            expr: `${nobody} and on (cluster) ${silent}`,
            for: '1m',
            labels: critical,
            annotations: {
              summary: 'VIP {{ $labels.vip }} is on no balancer whose agent answers',
              description: 'A balancer is silent: either it has the VIP and only its agent is down, or nobody has it.',
              run: 'lb-agent status --cluster   # on a balancer that answers',
            },
          },
          {
            alert: 'LbVipWithTwoHolders',
            expr: `sum by (cluster, vip) (${of('lb_agent_vip_owned')}) > 1`,
            for: '10s',
            labels: critical,
            annotations: {
              summary: 'VIP {{ $labels.vip }} is on {{ $value }} balancers',
              description:
                'They do not hear each other, or a keepalived has died or hangs and has left the address behind.',
              run: 'lb-agent status   # on each balancer; it says DUPLICATE and why',
            },
          },
          {
            alert: 'LbGateClosed',
            expr: `${of('lb_agent_gate_open')} == 0`,
            for: '30s',
            labels: critical,
            annotations: {
              summary: 'HAProxy on {{ $labels.instance }} cannot serve',
              description: 'This balancer holds no VIP until HAProxy answers. The others carry the load.',
              run: 'lb-agent status   # on {{ $labels.instance }}',
            },
          },
          {
            alert: 'LbServiceBelowMinimum',
            expr: `${of('lb_agent_service_servers_up')} < ${of('lb_agent_service_servers_minimum')}`,
            for: '30s',
            labels: critical,
            annotations: {
              summary: 'Service {{ $labels.service }} has {{ $value }} servers up, as {{ $labels.instance }} sees it',
              description: 'That is less than its minimumServers: it counts as lost on this balancer.',
              run: 'lb-agent status   # on {{ $labels.instance }}; it names the servers',
            },
          },
          {
            alert: 'LbNoAgentAnswers',
            expr: `count by (cluster) (${of('up')} == 0) == count by (cluster) (${of('up')})`,
            for: '1m',
            labels: critical,
            annotations: {
              summary: 'No balancer of {{ $labels.cluster }} answers',
              description: 'All of them are down, or Prometheus cannot reach them: nothing is known of any VIP.',
              run: 'lb-agent status --cluster   # on any balancer that can be reached',
            },
          },
          {
            alert: 'LbStuck',
            expr: `${of('lb_agent_stuck')} == 1`,
            for: '0s',
            labels: critical,
            annotations: {
              summary: '{{ $labels.instance }} can prove neither the new release nor the old one',
              description:
                'A change failed, and so did going back. The daemons may run something else than their files say.',
              run: 'lb-agent status   # on {{ $labels.instance }}; then look at both daemons and lb-agent sync --retry',
            },
          },
          {
            alert: 'LbKeepalivedDown',
            expr: `${of('lb_agent_keepalived_up')} == 0`,
            for: '30s',
            labels: warning,
            annotations: {
              summary: 'keepalived on {{ $labels.instance }} does not run, or hangs',
              description: 'This balancer cannot take over a VIP.',
              run: 'lb-agent status   # on {{ $labels.instance }}',
            },
          },
          {
            alert: 'LbNotWell',
            expr: `${of('lb_agent_well')} == 0`,
            for: '10m',
            labels: warning,
            annotations: {
              summary: 'Something on {{ $labels.instance }} wants looking at',
              description: 'lb-agent status has had something to complain about for ten minutes.',
              run: 'lb-agent status   # on {{ $labels.instance }}; its first line says what',
            },
          },
          {
            alert: 'LbAgentDown',
            expr: `${of('up')} == 0`,
            for: '1m',
            labels: warning,
            annotations: {
              summary: 'The agent on {{ $labels.instance }} does not answer',
              description: 'HAProxy and keepalived go on without it, but nothing is applied and nobody watches.',
              run: 'systemctl status lb-agent lb-agent-embedded   # on {{ $labels.instance }}',
            },
          },
          {
            alert: 'LbNotApplying',
            expr: `${of('lb_agent_pending')} == 1 unless ${of('lb_agent_rejected')} == 1`,
            for: '5m',
            labels: warning,
            annotations: {
              summary: '{{ $labels.instance }} has not applied the newest revision',
              description: 'What it ran before goes on serving.',
              run: 'lb-agent status   # on {{ $labels.instance }}; the last change says where it stopped',
            },
          },
          {
            alert: 'LbRevisionRejected',
            expr: `${of('lb_agent_rejected')} == 1`,
            for: '0s',
            labels: warning,
            annotations: {
              summary: '{{ $labels.instance }} has rejected the newest revision',
              description: 'It is not tried again. What it ran before goes on serving.',
              run: 'lb-agent status   # on {{ $labels.instance }}; then mend lb.yaml, or lb-agent sync --retry',
            },
          },
          {
            alert: 'LbRolledBack',
            expr: `time() - ${of('lb_agent_rollback_time_seconds')} < 600`,
            for: '0s',
            labels: warning,
            annotations: {
              summary: '{{ $labels.instance }} has rolled a release back',
              description: 'It was live for a moment and did not work. The release before it serves again.',
              run: 'lb-agent status   # on {{ $labels.instance }}; the last change says which stage failed',
            },
          },
          {
            alert: 'LbDrift',
            expr: `${of('lb_agent_drift_files')} > 0`,
            for: '1m',
            labels: warning,
            annotations: {
              summary: 'Live files on {{ $labels.instance }} were changed by somebody else',
              description: 'The next release overwrites them; until then a reload would load them.',
              run: 'lb-agent sync --restore   # on {{ $labels.instance }}, unless the change is meant',
            },
          },
          {
            alert: 'LbFetchStale',
            expr: `time() - ${of('lb_agent_fetch_success_time_seconds')} > 2 * ${of('lb_agent_fetch_interval_seconds')} + 300 or ${of('lb_agent_fetch_ok')} == 0`,
            for: '5m',
            labels: warning,
            annotations: {
              summary: '{{ $labels.instance }} cannot read the repository',
              description: 'What it runs goes on serving, also over a reboot, but no change arrives.',
              run: 'lb-agent sync   # on {{ $labels.instance }}; it says why',
            },
          },
          {
            alert: 'LbVipFlapping',
            expr: `sum by (cluster, vip) (changes(${of('lb_agent_vip_owned')}[10m])) > ${flips}`,
            for: '0s',
            labels: warning,
            annotations: {
              summary: 'VIP {{ $labels.vip }} moves again and again',
              description: 'Each move cuts the connections that are open.',
              run: 'lb-agent why {{ $labels.vip }}   # says why it moved, each time',
            },
          },
          {
            alert: 'LbOldWorkers',
            expr: `${of('lb_agent_haproxy_old_workers')} > 3`,
            for: '15m',
            labels: warning,
            annotations: {
              summary: '{{ $value }} old workers of HAProxy still run on {{ $labels.instance }}',
              description: 'Each keeps the memory of the file that it was started with, until haproxy.hardStopAfter.',
              run: 'lb-agent status   # on {{ $labels.instance }}; a shorter hardStopAfter in lb.yaml ends them',
            },
          },
        ],
      },
    ],
  }
}
