import type { Selector } from './selector.ts'

type Target = { expr: string; legendFormat: string }

/** Text and colour of a value: each is readable without the other. */
type Meaning = Readonly<Record<string, { text: string; color: string }>>

export type Panel = {
  title: string
  description: string
  type: 'stat' | 'state-timeline' | 'timeseries' | 'table'
  width: number
  height: number
  targets: readonly Target[]
  unit?: string
  max?: number
  meaning?: Meaning
}

const SILENT = -1

/** What is shown of one cluster, from what clients meet to what the agent itself costs. */
export function panelsOf(of: Selector): Panel[] {
  // Without this a balancer that is silent would keep its last colour, or be missing.
  const orSilent = (metric: string): string => `${of(metric)} or (${of('up')} == 0) - 1`
  const stat = { type: 'stat', width: 6, height: 6 } as const
  const graph = { type: 'timeseries', width: 12, height: 8 } as const
  const probes = of('lb_agent_probe_duration_seconds_bucket')
  const rate = (part: string): string => `sum by (stage) (rate(${of(`lb_agent_stage_duration_seconds_${part}`)}[10m]))`
  return [
    {
      title: 'VIPs: who holds them',
      description: 'The kernel of each balancer says whether it has the address. Exactly one should, at any time.',
      type: 'state-timeline',
      width: 24,
      height: 8,
      targets: [{ expr: of('lb_agent_vip_owned'), legendFormat: '{{vip}} on {{instance}}' }],
      meaning: { 0: { text: 'no', color: 'transparent' }, 1: { text: 'holds it', color: 'blue' } },
    },
    {
      ...stat,
      title: 'Balancers',
      description: 'What lb-agent status says on each of them; silent: its agent does not answer.',
      targets: [{ expr: orSilent('lb_agent_well'), legendFormat: '{{instance}}' }],
      meaning: meaning({ text: 'well', color: 'green' }, { text: 'look at it', color: 'red' }),
    },
    {
      ...stat,
      title: 'Gate: HAProxy can serve',
      description: 'Closed: this balancer holds no VIP.',
      targets: [{ expr: orSilent('lb_agent_gate_open'), legendFormat: '{{instance}}' }],
      meaning: meaning({ text: 'open', color: 'green' }, { text: 'closed', color: 'red' }),
    },
    {
      ...stat,
      title: 'Newest revision',
      description: 'Behind: the newest revision of the branch is not what this balancer runs.',
      targets: [{ expr: orSilent('lb_agent_pending'), legendFormat: '{{instance}}' }],
      meaning: meaning({ text: 'behind', color: 'orange' }, { text: 'runs', color: 'green' }),
    },
    {
      ...stat,
      title: 'Moves in the last hour',
      description: 'Each takes the VIP off one balancer and puts it on another.',
      targets: [{ expr: `ceil(sum by (vip) (changes(${of('lb_agent_vip_owned')}[1h])) / 2)`, legendFormat: '{{vip}}' }],
    },
    {
      ...graph,
      title: 'Servers up, as each balancer sees them',
      description: 'Per service; a line that falls on one balancer only is a fault of its network.',
      targets: [{ expr: of('lb_agent_service_servers_up'), legendFormat: '{{service}} from {{instance}}' }],
    },
    {
      ...graph,
      title: 'Scores',
      description: 'How well a balancer would serve a VIP: 100 all is well, 64 held back, 32 drained, 0 no servers.',
      max: 100,
      targets: [{ expr: of('lb_agent_score'), legendFormat: '{{vip}} on {{instance}}' }],
    },
    {
      ...graph,
      title: 'HAProxy answers the agent within',
      description: '99 of 100 looks at /alive.',
      unit: 's',
      targets: [
        {
          expr: `histogram_quantile(0.99, sum by (le, instance) (rate(${probes}[5m])))`,
          legendFormat: '{{instance}}',
        },
      ],
    },
    {
      ...graph,
      title: 'Stages of putting a revision live take',
      description: 'Mean over ten minutes. A stage that did not happen in them has no line.',
      unit: 's',
      targets: [{ expr: `${rate('sum')} / (${rate('count')} > 0)`, legendFormat: '{{stage}}' }],
    },
    {
      ...graph,
      title: 'The repository was read',
      description: 'Time since then. A line that goes on rising is LbFetchStale.',
      unit: 's',
      targets: [{ expr: `time() - ${of('lb_agent_fetch_success_time_seconds')}`, legendFormat: '{{instance}}' }],
    },
    {
      ...graph,
      title: 'Live files that somebody else has changed',
      description: 'lb-agent sync --restore puts them back.',
      targets: [{ expr: of('lb_agent_drift_files'), legendFormat: '{{instance}}' }],
    },
    {
      title: 'Releases',
      description: 'What each balancer runs.',
      type: 'table',
      width: 24,
      height: 6,
      targets: [{ expr: of('lb_agent_applied_info'), legendFormat: '' }],
    },
  ]
}

function meaning(one: Meaning[string], zero: Meaning[string]): Meaning {
  return { 1: one, 0: zero, [SILENT]: { text: 'silent', color: 'purple' } }
}
