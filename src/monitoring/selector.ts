import type { Spec } from '../spec/spec.ts'

/** The job under which `scrapeFile` names the agents of every cluster. */
export const JOB = 'lb-agent'

/** A metric of the agents of one cluster, in PromQL; `more`: further matchers, such as `state="BACKUP"`. */
export type Selector = (metric: string, ...more: readonly string[]) => string

export function selectorOf({ cluster }: Pick<Spec, 'cluster'>): Selector {
  return (metric, ...more) => `${metric}{${[`job="${JOB}"`, `cluster="${cluster}"`, ...more].join(',')}}`
}
