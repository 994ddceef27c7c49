import type { Spec } from '../spec/spec.ts'

/** The job under which `scrapeFile` names the agents of every cluster. */
export const JOB = 'lb-agent'

/** A metric of the agents of one cluster, in PromQL. */
export function selectorOf({ cluster }: Pick<Spec, 'cluster'>): (metric: string) => string {
  return (metric) => `${metric}{job="${JOB}",cluster="${cluster}"}`
}
