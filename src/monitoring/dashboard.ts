import type { Spec } from '../spec/spec.ts'
import { selectorOf } from './selector.ts'

type Target = { expr: string; legendFormat: string }
type Panel = {
  title: string
  description: string
  type: 'stat' | 'state-timeline' | 'timeseries' | 'table'
  unit?: string
  max?: number
  width: number
  height: number
  targets: readonly Target[]
}

const COLUMNS = 24

/** A Grafana dashboard (schema 39, Grafana 10 and newer) of one cluster; it asks for its Prometheus when it is imported. */
export function dashboard(spec: Spec): object {
  const of = selectorOf(spec)
  const panels: Panel[] = [
    {
      title: 'VIPs: who holds them',
      description: 'The kernel of each balancer says whether it has the address. Exactly one should, at any time.',
      type: 'state-timeline',
      width: 24,
      height: 8,
      targets: [{ expr: of('lb_agent_vip_owned'), legendFormat: '{{vip}} on {{instance}}' }],
    },
    {
      title: 'Balancers where all is well',
      description: 'What lb-agent status says on each of them.',
      type: 'stat',
      width: 6,
      height: 6,
      targets: [{ expr: of('lb_agent_well'), legendFormat: '{{instance}}' }],
    },
    {
      title: 'Gate: HAProxy can serve',
      description: '0: this balancer holds no VIP.',
      type: 'stat',
      width: 6,
      height: 6,
      targets: [{ expr: of('lb_agent_gate_open'), legendFormat: '{{instance}}' }],
    },
    {
      title: 'Moves in the last hour',
      description: 'How often a VIP arrived on a balancer or left one.',
      type: 'stat',
      width: 6,
      height: 6,
      targets: [{ expr: `sum by (vip) (changes(${of('lb_agent_vip_owned')}[1h]))`, legendFormat: '{{vip}}' }],
    },
    {
      title: 'Revision is behind',
      description: '1: the newest revision of the branch is not what this balancer runs.',
      type: 'stat',
      width: 6,
      height: 6,
      targets: [{ expr: of('lb_agent_pending'), legendFormat: '{{instance}}' }],
    },
    {
      title: 'Servers up, as each balancer sees them',
      description: 'Per service; a line that falls on one balancer only is a fault of its network.',
      type: 'timeseries',
      width: 12,
      height: 8,
      targets: [{ expr: of('lb_agent_service_servers_up'), legendFormat: '{{service}} from {{instance}}' }],
    },
    {
      title: 'Scores',
      description: 'How well a balancer would serve a VIP: 100 all is well, 64 held back, 32 drained, 0 no servers.',
      type: 'timeseries',
      max: 100,
      width: 12,
      height: 8,
      targets: [{ expr: of('lb_agent_score'), legendFormat: '{{vip}} on {{instance}}' }],
    },
    {
      title: 'HAProxy answers the agent within',
      description: '99 of 100 looks at /alive.',
      type: 'timeseries',
      unit: 's',
      width: 12,
      height: 8,
      targets: [
        {
          expr: `histogram_quantile(0.99, sum by (le, instance) (rate(${of('lb_agent_probe_duration_seconds_bucket')}[5m])))`,
          legendFormat: '{{instance}}',
        },
      ],
    },
    {
      title: 'Stages of putting a revision live take',
      description: 'Mean over ten minutes.',
      type: 'timeseries',
      unit: 's',
      width: 12,
      height: 8,
      targets: [
        {
          expr: `sum by (stage) (rate(${of('lb_agent_stage_duration_seconds_sum')}[10m])) / sum by (stage) (rate(${of('lb_agent_stage_duration_seconds_count')}[10m]))`,
          legendFormat: '{{stage}}',
        },
      ],
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
  return {
    __inputs: [{ name: 'DS_PROMETHEUS', label: 'Prometheus', type: 'datasource', pluginId: 'prometheus' }],
    title: `lb-agent: ${spec.cluster}`,
    uid: `lb-agent-${spec.cluster}`.slice(0, 40),
    schemaVersion: 39,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    annotations: {
      list: [
        {
          name: 'Moves',
          enable: true,
          iconColor: 'orange',
          datasource: SOURCE,
          expr: `changes(${of('lb_agent_vip_owned')}[10s]) > 0`,
          titleFormat: '{{vip}} on {{instance}}',
        },
      ],
    },
    panels: placed(panels),
  }
}

const SOURCE = { type: 'prometheus', uid: '$' + '{DS_PROMETHEUS}' } as const

/** From left to right, a new row where one is full. */
function placed(panels: readonly Panel[]): object[] {
  let [x, y, rowHeight] = [0, 0, 0]
  return panels.map((panel, index) => {
    const { title, description, type, width, height, targets, unit, max } = panel
    if (x + width > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0]
    const gridPos = { x, y, w: width, h: height }
    x += width
    rowHeight = Math.max(rowHeight, height)
    return {
      id: index + 1,
      ...{ title, description, type, gridPos },
      datasource: SOURCE,
      fieldConfig: {
        defaults: { min: 0, ...(unit === undefined ? {} : { unit }), ...(max === undefined ? {} : { max }) },
        overrides: [],
      },
      targets: targets.map((target, at) => ({
        ...target,
        refId: String.fromCharCode(65 + at),
        datasource: SOURCE,
        ...(type === 'table' ? { instant: true, format: 'table' } : {}),
      })),
    }
  })
}
