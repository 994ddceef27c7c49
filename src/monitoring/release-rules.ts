import { type AlertRule, CRITICAL, WARNING } from './alert-rule.ts'
import type { Selector } from './selector.ts'

/** The way of a revision from the repository to the daemons. A change that failed is one alert, the most telling one. */
export function releaseRules(of: Selector): AlertRule[] {
  const stuck = `${of('lb_agent_stuck')} == 1`
  const rejected = `${of('lb_agent_rejected')} == 1`
  // By the node's own clock: of one that is ahead by hours it would not end before it is that late.
  const rolledBackAgo = `time() - ${of('lb_agent_rollback_time_seconds')}`
  const rolledBack = `${rolledBackAgo} < 600 >= -60`
  const suspended = `${of('lb_agent_suspended')} == 1`
  const fetchedAgo = `time() - ${of('lb_agent_fetch_success_time_seconds')}`
  return [
    {
      alert: 'LbStuck',
      expr: stuck,
      for: '0s',
      labels: CRITICAL,
      annotations: {
        summary: '{{ $labels.instance }} can prove neither the new release nor the old one',
        description: 'A change failed, and so did going back. The daemons may run something else than their files say.',
        run: 'lb-agent status   # on {{ $labels.instance }}; then look at both daemons and lb-agent sync --retry',
      },
    },
    {
      alert: 'LbRolledBack',
      expr: `${rolledBack} unless ${stuck}`,
      for: '0s',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.instance }} has rolled a release back',
        description: 'It was live for a moment and did not work. The release before it serves again.',
        run: 'lb-agent status   # on {{ $labels.instance }}; the last change says which stage failed',
      },
    },
    {
      alert: 'LbRevisionRejected',
      expr: `${rejected} unless ${stuck} unless ${rolledBack}`,
      for: '0s',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.instance }} has rejected the newest revision',
        description: 'It is not tried again. What it ran before goes on serving.',
        run: 'lb-agent status   # on {{ $labels.instance }}; then mend lb.yaml, or lb-agent sync --retry',
      },
    },
    {
      alert: 'LbNotApplying',
      expr: `${of('lb_agent_pending')} == 1 unless ${rejected} unless ${suspended}`,
      for: '5m',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.instance }} has not applied the newest revision',
        description: 'What it ran before goes on serving.',
        run: 'lb-agent status   # on {{ $labels.instance }}; the last change says where it stopped',
      },
    },
    {
      alert: 'LbSuspended',
      expr: suspended,
      for: '1d',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.instance }} has applied no revision for a day, by order of a person',
        description: 'Somebody has suspended it, and may have forgotten. It serves as it is.',
        run: 'lb-agent resume   # on {{ $labels.instance }}, unless it is still meant; lb-agent status says why',
      },
    },
    {
      alert: 'LbRevisionsDiffer',
      // Of nodes that can read their repository; half an hour, because each looks at its own time.
      expr: `count by (cluster) (count by (cluster, revision) (${of('lb_agent_desired_info')})) > 1 unless on (cluster) ${of('lb_agent_fetch_ok')} == 0`,
      for: '30m',
      labels: WARNING,
      annotations: {
        summary: 'Balancers of {{ $labels.cluster }} read {{ $value }} different newest revisions',
        description: 'A mirror lags, or repository.url or branch in agent.yaml is not the same on all of them.',
        run: 'lb-agent status --cluster   # on any balancer; it says who runs, and who has read, which revision',
      },
    },
    {
      alert: 'LbDrift',
      expr: `${of('lb_agent_drift_files')} > 0`,
      for: '1m',
      labels: WARNING,
      annotations: {
        summary: 'Live files on {{ $labels.instance }} were changed by somebody else',
        description: 'The next release overwrites them; until then a reload would load them.',
        run: 'lb-agent sync --restore   # on {{ $labels.instance }}, unless the change is meant',
      },
    },
    {
      alert: 'LbFetchStale',
      // A branch that is looked at every quarter of an hour is not stale after ten minutes.
      expr: `${fetchedAgo} > 2 * ${of('lb_agent_fetch_interval_seconds')} + 300 or ${of('lb_agent_fetch_ok')} == 0`,
      for: '5m',
      labels: WARNING,
      annotations: {
        summary: '{{ $labels.instance }} cannot read the repository',
        description: 'What it runs goes on serving, also over a reboot, but no change arrives.',
        run: 'lb-agent sync   # on {{ $labels.instance }}; it says why',
      },
    },
  ]
}
