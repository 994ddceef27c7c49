import type { Router } from '../proof/model.ts'
import { familyOf, isInNetwork, networkOf } from '../spec/address.ts'
import type { Position } from '../spec/problem.ts'
import { addressesOf, andList, type Evidence, finding, instanceOf, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** Where the nodes of a VIP are, and where the VIP is. */
export function addressRules(evidence: Evidence): RuleFinding[] {
  return [...networks(evidence), ...alone(evidence), ...prefixes(evidence), ...ofNodes(evidence)]
}

/** Networks are taken for /24 and /64, as most are: nothing says how long they are. */
const USUAL_LENGTH = { 4: 24, 6: 64 } as const

type Located = { router: Router; address: string; network: string }

/** One finding for all VIPs that the same nodes may hold. */
function networks(evidence: Evidence): RuleFinding[] {
  const groups = Map.groupBy(
    evidence.elections.map((routers) => located(evidence, routers)),
    (nodes) => nodes.map(({ router, address }) => `${router.node} ${address}`).join(),
  )
  return [...groups.values()].flatMap((group) => {
    const [nodes = []] = group
    if (new Set(nodes.map(({ network }) => network)).size < 2 || isOneNetwork(evidence, nodes)) return []
    const told = nodes.map(({ router, address }) => `${router.node} (${address})`)
    const vips = [...new Set(group.flatMap(([first]) => first?.router.addresses ?? []))]
    return [
      finding(
        'VIP-SUBNET',
        'warning',
        group.flat().map((node) => placeOfNode(evidence, node)),
        `${andList(told)} look as if they were in different networks (taken for /24, or /64), and all may hold ${andList(vips)}: a VIP moves by ARP, inside one network, so clients reach it on one side only`,
        evidence.spec === undefined
          ? 'nodes of one network, unless a bridge or one larger network joins them'
          : 'nodes of one network in prefer; where a bridge or one larger network joins them, accept it',
      ),
    ]
  })
}

/** A VIP with a prefix length says how large its network is: all of them are in it. */
function isOneNetwork(evidence: Evidence, nodes: readonly Located[]): boolean {
  const own = placedAddresses(evidence).filter(({ router }) => nodes.some((node) => node.router === router))
  return own.some(
    ({ address, length }) =>
      length < (familyOf(address) === 4 ? 32 : 128) &&
      nodes.every((node) => isInNetwork(node.address, address, length)),
  )
}

function located(evidence: Evidence, routers: readonly Router[]): Located[] {
  return routers.flatMap((router) => {
    const address = addressOfNode(evidence, router)
    if (address === undefined) return []
    return [{ router, address, network: networkOf(address, USUAL_LENGTH[familyOf(address)]) }]
  })
}

function placeOfNode(evidence: Evidence, { router }: Located): Position {
  if (evidence.spec !== undefined) return evidence.spec.places(['nodes', router.node, 'address'])
  const places = instanceOf(evidence.nodes, router)?.places
  return places?.get('unicast_src_ip') ?? places?.get('mcast_src_ip') ?? router.at
}

/** What lb.yaml, or the file, says of the node's own address. */
function addressOfNode({ spec }: Evidence, { node, source }: Router): string | undefined {
  return spec === undefined ? source : spec.spec.nodes.find(({ name }) => name === node)?.address
}

/** An address that one node alone may take. Where the nodes of an instance differ in its list, VIPS-DIFFER tells it. */
function alone(evidence: Evidence): RuleFinding[] {
  const { routers, nodes } = evidence.cluster
  // lb.yaml names all nodes that there are; of hand-written files somebody may have given one alone.
  if (evidence.spec === undefined && nodes.length < 2) return []
  const takers = new Map<string, Set<string>>()
  for (const { node, addresses } of routers)
    for (const address of addresses) takers.set(address, (takers.get(address) ?? new Set()).add(node))
  const lonely = routers.filter(
    ({ addresses }) => addresses.length > 0 && addresses.every((address) => takers.get(address)?.size === 1),
  )
  return lonely.map((only) =>
    finding(
      'VIP-ONE-NODE',
      'warning',
      [placeOf(evidence, only, 'priority')],
      `only ${only.node} may hold ${addressesOf(only)}: without that node nobody serves it`,
      evidence.spec === undefined ? 'the same instance on another node' : 'another node in prefer',
    ),
  )
}

type Placed = { router: Router; address: string; length: number }

function prefixes(evidence: Evidence): RuleFinding[] {
  const nodes = evidence.cluster.routers.flatMap((router) => addressOfNode(evidence, router) ?? [])
  const wide = placedAddresses(evidence).filter(
    ({ address, length }) =>
      length < (familyOf(address) === 4 ? 32 : 128) &&
      nodes.some((node) => familyOf(node) === familyOf(address)) &&
      !nodes.some((node) => isInNetwork(node, address, length)),
  )
  const groups = Map.groupBy(wide, ({ address, length }) => `${networkOf(address, length)}/${length}`)
  return [...groups].map(([network, placed]) => {
    const addresses = [...new Set(placed.map(({ address }) => address))]
    const full = familyOf(addresses[0] ?? '') === 4 ? 32 : 128
    return finding(
      'VIP-PREFIX',
      'warning',
      placed.map((one) => placeOf(evidence, one.router, 'virtual_ipaddress')),
      `${andList(addresses.map((address) => `${address}/${placed[0]?.length}`))} ${addresses.length === 1 ? 'brings' : 'bring'} a route to ${network}, where no node is: the node with the VIP looks for all of that network on its own link`,
      andList(addresses.map((address) => `${address}/${full}`)),
    )
  })
}

function placedAddresses(evidence: Evidence): Placed[] {
  const { spec, cluster, nodes } = evidence
  return cluster.routers.flatMap((router): Placed[] => {
    if (spec !== undefined) {
      const vip = spec.spec.vips.find(({ name }) => name === router.name)
      const all = vip === undefined ? [] : [vip, ...vip.extraAddresses]
      return all.map(({ address, prefixLength }) => ({ router, address, length: prefixLength }))
    }
    const instance = instanceOf(nodes, router)
    return [...(instance?.addresses ?? []), ...(instance?.excluded ?? [])].map(({ address }) => {
      const [bare = '', length] = address.split('/')
      return { router, address: bare, length: Number(length) }
    })
  })
}

/** lb.yaml with such an address is refused before it comes here. */
function ofNodes(evidence: Evidence): RuleFinding[] {
  const { routers } = evidence.cluster
  const owners = new Map(
    routers.flatMap((router) => {
      const address = addressOfNode(evidence, router)
      return address === undefined ? [] : [[address, router.node] as const]
    }),
  )
  const taking = routers.flatMap((router) => router.addresses.map((address) => ({ address, router })))
  const groups = Map.groupBy(taking, ({ address }) => address)
  return [...groups].flatMap(([address, group]) => {
    const owner = owners.get(address)
    if (owner === undefined) return []
    const nodes = [...new Set(group.map(({ router }) => router.node))]
    return [
      finding(
        'VIP-NODE',
        'error',
        group.map(({ router }) => placeOf(evidence, router, 'virtual_ipaddress')),
        `${address} is the address of ${owner} itself, and ${andList(nodes)} may take it as a VIP: it is there twice, and keepalived takes it off ${owner} when that is not MASTER`,
        'an address that nobody has',
      ),
    ]
  })
}
