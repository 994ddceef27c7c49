/** Series by metric and further labels, with their values, in promtool's notation. */
export type Series = readonly (readonly [metric: string, labels: Readonly<Record<string, string>>, values: string])[]
export type AlertCase = {
  alert: string
  /** What makes it fire after two minutes at the latest, with the labels and the value that it then has. */
  fires: Series
  labels: Readonly<Record<string, string>>
  value: string
  /** What is special about this case of several. */
  when?: string
  /** What looks alike and keeps it quiet. */
  quiet: Series
  at?: string
  /** Time between two values and two evaluations; 5 s, unless it takes hours. */
  every?: string
}

export const [A, B] = [{ instance: 'a' }, { instance: 'b' }]
export const api = { vip: 'api', address: '10.17.5.10' }
export const up: Series = [
  ['up', A, '1x400'],
  ['up', B, '1x400'],
]
