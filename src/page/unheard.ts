import type { ClusterView } from '../cluster.ts'
import type { Seen } from './seen.ts'

/** What is known of the cluster once the agent that told of it is silent: its parts, and nothing of how they are. */
export function unheard(seen: Seen): Seen {
  const { cluster, services, own } = seen
  const reasonOf = (name: string): string =>
    name === own.node
      ? 'its agent does not answer'
      : `not known without the agent of ${own.node}; it has a page of its own`
  return {
    ...seen,
    own: { ...own, troubles: [], drains: [] },
    cluster: {
      ...cluster,
      nodes: cluster.nodes.map(({ name }) => ({ name, kind: 'silent', reason: reasonOf(name) })),
      holders: Object.fromEntries(Object.keys(cluster.holders).map((vip) => [vip, []])),
    },
    services: services.map((service) => ({ ...service, up: null, servers: [], by: '' })),
  }
}

/** The agent that tells of all others answers itself, if anything is heard at all. */
export function isUnheard({ nodes }: ClusterView): boolean {
  return nodes.every(({ kind }) => kind === 'silent')
}
