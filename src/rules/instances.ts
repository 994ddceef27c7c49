import type { Router } from '../proof/model.ts'
import {
  addressesOf,
  andList,
  type Evidence,
  finding,
  haveNothingInCommon,
  isHeldTwice,
  placeOf,
  sameIds,
} from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** What the instances of one election must have in common to hear each other. */
export function instanceRules(evidence: Evidence): RuleFinding[] {
  const each = evidence.elections.flatMap((routers) => [
    ...everybodysId(evidence, routers),
    ...intervals(evidence, routers),
    ...versions(evidence, routers),
    ...authentication(evidence, routers),
    ...lists(evidence, routers),
  ])
  return [
    ...differentIds(evidence),
    ...sameIds(evidence.cluster.routers).flatMap((routers) => twice(evidence, routers)),
    ...each,
  ]
}

/** Addresses that several elections are about, because the nodes have other ids for them. */
function differentIds(evidence: Evidence): RuleFinding[] {
  const carrying = evidence.cluster.routers.flatMap((router) =>
    router.addresses.map((address) => ({ address, router })),
  )
  const split = [...Map.groupBy(carrying, ({ address }) => address)].flatMap(([address, group]) => {
    const carriers = [...new Map(group.map(({ router }) => [router.node, router])).values()]
    const ids = new Set(carriers.map(({ virtualRouterId }) => virtualRouterId))
    return ids.size < 2 ? [] : [{ address, carriers }]
  })
  const alike = Map.groupBy(split, ({ carriers }) => carriers.map(({ node, name }) => `${node} ${name}`).join())
  return [...alike.values()].map((group) => {
    const [{ carriers } = { carriers: [] }] = group
    const told = carriers.map(({ node, virtualRouterId }) => `${virtualRouterId} on ${node}`)
    const [has, it] = group.length === 1 ? ['has', 'it'] : ['have', 'them']
    return finding(
      'VRID-DIFFERS',
      'error',
      carriers.map((router) => placeOf(evidence, router, 'virtual_router_id')),
      `${andList(group.map(({ address }) => address))} ${has} virtual router id ${andList(told)}: each id elects a holder of its own, so that several nodes hold ${it}`,
      'the same virtual_router_id on all nodes',
    )
  })
}

/**
 * keepalived drops adverts that name other addresses than its own (2.2.7, vrrp_check_packet), so instances of one id for other
 * addresses do not hear each other: harmless for two clusters that share a network, not for nodes that should share an address.
 */
function twice(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  return routers.flatMap((router, index) => {
    const other = routers.slice(0, index).find((one) => reach(one, router) && haveNothingInCommon(one, router))
    if (other === undefined) return []
    return [
      finding(
        'VRID-TWICE',
        isHeldTwice(evidence, [router, other]) ? 'error' : 'warning',
        [placeOf(evidence, other, 'virtual_router_id'), placeOf(evidence, router, 'virtual_router_id')],
        `virtual router id ${router.virtualRouterId} is ${addressesOf(other)} on ${other.node} and ${addressesOf(router)} on ${router.node}: each of them drops the adverts of the other, and logs that`,
        'an id of its own for each address, and the same one on all of its nodes',
      ),
    ]
  })
}

/** Whether the adverts of one arrive at the other: by multicast on the same network, or because it names the other. */
function reach(one: Router, other: Router): boolean {
  if (one.node === other.node) return false
  if (one.unicastPeers === undefined && other.unicastPeers === undefined)
    return one.interface === other.interface && one.multicastGroup === other.multicastGroup
  const names = ({ unicastPeers }: Router, { source }: Router): boolean =>
    source !== undefined && unicastPeers?.includes(source) === true
  return names(one, other) || names(other, one)
}

function everybodysId(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  if (first?.virtualRouterId !== 51) return []
  return [
    finding(
      'VRID-51',
      first.unicastPeers === undefined ? 'warning' : 'note',
      routers.map((router) => placeOf(evidence, router, 'virtual_router_id')),
      `${addressesOf(first)} has virtual router id 51, as in keepalived's examples: ${first.unicastPeers === undefined ? 'another pair on this network that was copied from them has it too, and each then drops the adverts of the other and logs that, once a second' : 'by unicast no other pair hears of it; where one of them changes to multicast, each drops the adverts of the other'}`,
      'another one of 1-255',
    ),
  ]
}

function intervals(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  const other = routers.find(({ advertMs }) => advertMs !== first?.advertMs)
  if (first === undefined || other === undefined) return []
  const told = routers.map(({ node, advertMs }) => `${advertMs} ms on ${node}`)
  const isDropped = first.version === 2 || other.version === 2
  return [
    finding(
      'ADVERT-INTERVAL',
      isDropped ? 'error' : 'warning',
      routers.map((router) => placeOf(evidence, router, 'advert_int')),
      `adverts of ${addressesOf(first)} are sent every ${andList(told)}: ${isDropped ? 'with VRRPv2 a node drops those of another interval, so that both hold it' : 'how soon a lost node is missed depends on who is the MASTER'}`,
      'the same advert_int on all nodes',
    ),
  ]
}

function versions(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  const other = routers.find(({ version }) => version !== first?.version)
  if (first === undefined || other === undefined) return []
  return [
    finding(
      'VERSION',
      'error',
      [placeOf(evidence, first, 'version'), placeOf(evidence, other, 'version')],
      `${addressesOf(first)} is announced by VRRPv${first.version} on ${first.node} and by VRRPv${other.version} on ${other.node}: neither takes the adverts of the other, so that both hold it`,
      'the same version on all nodes (vrrp_version, version)',
    ),
  ]
}

/** What keepalived does not accept of it is in the problems of the file. */
function authentication(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first, ...others] = routers.filter(({ version }) => version === 2)
  const other = others.find((router) => router.authentication !== first?.authentication)
  if (first === undefined || other === undefined) return []
  return [
    finding(
      'AUTH',
      'error',
      [placeOf(evidence, first, 'authentication'), placeOf(evidence, other, 'authentication')],
      `${addressesOf(first)} has other authentication on ${first.node} than on ${other.node}: neither takes the adverts of the other, so that both hold it`,
      'the same auth_type and auth_pass on all nodes',
    ),
  ]
}

function lists(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [first] = routers
  if (first === undefined) return []
  const other = routers.find(
    (router) =>
      router.advertised.some((address) => first.advertised.includes(address)) &&
      [...router.advertised].sort().join() !== [...first.advertised].sort().join(),
  )
  if (other === undefined) return []
  const more = (a: Router, b: Router): string[] => a.advertised.filter((address) => !b.advertised.includes(address))
  const told = [
    ...more(first, other).map((address) => `${address} only on ${first.node}`),
    ...more(other, first).map((address) => `${address} only on ${other.node}`),
  ]
  return [
    finding(
      'VIPS-DIFFER',
      'error',
      [placeOf(evidence, first, 'virtual_ipaddress'), placeOf(evidence, other, 'virtual_ipaddress')],
      `virtual router ${first.virtualRouterId} has ${andList(told)}: each node drops the adverts of the other ("received an unexpected ip number count"), so that both hold the addresses`,
      'the same virtual_ipaddress on all nodes; what differs can go into virtual_ipaddress_excluded',
    ),
  ]
}
