import { familyOf } from '../spec/address.ts'
import { formatDuration } from '../spec/duration.ts'
import type { Draft, DraftNode } from './draft.ts'
import type { VipGroup } from './draft-vips.ts'
import { shortPlace } from './old-cluster.ts'

/** How the nodes talked, as far as it can be said for all VIPs at once. */
export function draftVrrp(
  groups: readonly VipGroup[],
  nodes: readonly DraftNode[],
): Pick<Draft, 'vrrp' | 'vrrpComments'> {
  const instances = groups.flatMap(({ members }) => members.map(({ instance }) => instance))
  const transport = draftTransport(
    instances.some(({ unicast }) => unicast === undefined),
    nodes,
  )
  const advert = draftAdvert(instances)
  const failback = draftFailback(instances)
  return {
    vrrp: { ...transport.vrrp, ...advert.vrrp, ...failback.vrrp },
    vrrpComments: [...transport.comments, ...advert.comments, ...failback.comments],
  }
}

type Part = { vrrp: Draft['vrrp']; comments: string[] }
type Instances = VipGroup['members'][number]['instance'][]

function draftTransport(isMulticast: boolean, nodes: readonly DraftNode[]): Part {
  if (!isMulticast) return { vrrp: {}, comments: [] }
  const networks = new Set(
    nodes.flatMap(({ address }) =>
      address === undefined || familyOf(address) === 6 ? [] : [address.replace(/\.\d+$/, '')],
    ),
  )
  if (networks.size < 2) return { vrrp: { transport: 'multicast' }, comments: [] }
  const comment =
    'Adverts went by multicast, which does not cross a router, and the nodes stand in several networks: here by unicast, from node to node. keepalived gives its VIPs up for less than a second when it changes over (lb-agent install --accept-gap).'
  return { vrrp: {}, comments: [comment] }
}

/** With VRRPv2 a second is the shortest, so it says nothing about what is wanted. */
function draftAdvert(instances: Instances): Part {
  const intervals = [...new Set(instances.map(({ advertMs }) => advertMs))].sort((a, b) => a - b)
  const [shortest = 1000] = intervals
  const usable = Math.max(10, Math.round(shortest / 10) * 10)
  if (shortest < 1000 && usable !== 100) return { vrrp: { advertInterval: formatDuration(usable) }, comments: [] }
  if (shortest < 1000) return { vrrp: {}, comments: [] }
  const told = intervals.map(formatDuration).join(', ')
  return {
    vrrp: {},
    comments: [
      `An advert came every ${told}; with VRRPv3 it comes every 100ms, so a lost node is noticed in a third of a second.`,
    ],
  }
}

function draftFailback(instances: Instances): Part {
  const [nopreempt] = instances.filter((instance) => instance.nopreempt)
  if (nopreempt) {
    const where = shortPlace(nopreempt.places.get('nopreempt') ?? nopreempt.at)
    return {
      vrrp: { failback: 'manual' },
      comments: [`nopreempt (${where}): a node that has recovered waits for lb-agent undrain.`],
    }
  }
  const delay = Math.min(Math.max(0, ...instances.map(({ preemptDelayMs }) => preemptDelayMs)), 3_600_000)
  if (delay === 0) return { vrrp: {}, comments: [] }
  return { vrrp: { failback: { after: formatDuration(delay) } }, comments: [] }
}
