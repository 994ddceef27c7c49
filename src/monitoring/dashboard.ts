import type { Spec } from '../spec/spec.ts'
import { type Panel, panelsOf } from './dashboard-panels.ts'
import { selectorOf } from './selector.ts'

export type Dashboard = {
  title: string
  annotations: { list: readonly ({ expr: string } & Readonly<Record<string, unknown>>)[] }
  panels: readonly { title: string; targets: readonly { expr: string }[] }[]
}

const COLUMNS = 24

/** A Grafana dashboard (schema 39, Grafana 10 and newer) of one cluster; it asks for its Prometheus when it is imported. */
export function dashboard(spec: Spec): Dashboard & Readonly<Record<string, unknown>> {
  const of = selectorOf(spec)
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
          // Grafana asks once per step: a shorter range would miss what happens between two of them.
          expr: `changes(${of('lb_agent_vip_owned')}[1m]) > 0`,
          step: '60s',
          titleFormat: '{{vip}} on {{instance}}',
        },
      ],
    },
    panels: placed(panelsOf(of)),
  }
}

const SOURCE = { type: 'prometheus', uid: '$' + '{DS_PROMETHEUS}' } as const

/** From left to right, a new row where one is full. */
function placed(panels: readonly Panel[]): Dashboard['panels'] {
  let [x, y, rowHeight] = [0, 0, 0]
  return panels.map((panel, index) => {
    const { title, description, type, width, height } = panel
    if (x + width > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0]
    const gridPos = { x, y, w: width, h: height }
    x += width
    rowHeight = Math.max(rowHeight, height)
    return {
      id: index + 1,
      ...{ title, description, type, gridPos },
      datasource: SOURCE,
      fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
      ...LOOKS[type],
      targets: panel.targets.map((target, at) => ({
        ...target,
        refId: String.fromCharCode(65 + at),
        datasource: SOURCE,
        ...QUERIES[type],
      })),
    }
  })
}

function defaultsOf({ type, unit, max, meaning }: Panel): object {
  const limits = { ...(unit === undefined ? {} : { unit }), ...(max === undefined ? {} : { max }) }
  if (type === 'timeseries' || type === 'table') return { min: 0, ...limits }
  // Thresholds of Grafana's own would paint every number below 80 green.
  const plain = {
    color: { mode: 'thresholds' },
    thresholds: { mode: 'absolute', steps: [{ color: 'blue', value: null }] },
  }
  const options = Object.fromEntries(
    Object.entries(meaning ?? {}).map(([value, shown], index) => [value, { ...shown, index }]),
  )
  return { ...plain, ...limits, mappings: [{ type: 'value', options }] }
}

// A range query would show the last value of a balancer that is gone.
const QUERIES: Readonly<Record<Panel['type'], object>> = {
  stat: { instant: true, range: false },
  table: { instant: true, range: false, format: 'table' },
  timeseries: {},
  'state-timeline': {},
}

const HIDDEN = { Time: true, Value: true, __name__: true, cluster: true, job: true }

const LOOKS: Readonly<Record<Panel['type'], object>> = {
  stat: {
    options: {
      ...{ colorMode: 'background', graphMode: 'none', textMode: 'value_and_name' },
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  },
  table: { transformations: [{ id: 'organize', options: { excludeByName: HIDDEN } }] },
  timeseries: {},
  'state-timeline': { options: { mergeValues: true, showValue: 'auto' } },
}
