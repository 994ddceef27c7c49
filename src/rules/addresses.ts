import type { Router } from '../proof/model.ts'
import { familyOf, isInNetwork, networkOf } from '../spec/address.ts'
import { addressesOf, andList, type Evidence, elections, finding, instanceOf, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** Where the nodes of a VIP are, and where the VIP is. */
export function addressRules(evidence: Evidence): RuleFinding[] {
  return [
    ...elections(evidence).flatMap((routers) => [...networks(evidence, routers), ...alone(evidence, routers)]),
    ...prefixes(evidence),
    ...ofNodes(evidence),
  ]
}

/** Networks are taken for /24 and /64, as most are: nothing says how long they are. */
const USUAL_LENGTH = { 4: 24, 6: 64 } as const

function networks(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const placed = routers.flatMap((router) => {
    const address = addressOfNode(evidence, router)
    if (address === undefined) return []
    return [{ router, address, network: networkOf(address, USUAL_LENGTH[familyOf(address)]) }]
  })
  const [first] = placed
  const others = placed.filter(({ network }) => network !== first?.network)
  if (first === undefined || others.length === 0) return []
  const told = placed.map(({ router, address }) => `${router.node} (${address})`)
  const at = ({ router }: { router: Router }) =>
    evidence.spec === undefined
      ? placeOf(evidence, router, 'unicast_src_ip')
      : evidence.spec.places(['nodes', router.node, 'address'])
  return [
    finding(
      'VIP-SUBNET',
      'warning',
      placed.map(at),
      `${andList(told)} are in different networks, and all may hold ${addressesOf(first.router)}: a VIP moves by ARP, inside one network, so clients reach it on one side only`,
      'nodes of one network in prefer; where a bridge or one large network joins them, accept it',
    ),
  ]
}

/** What lb.yaml, or the file, says of the node's own address. */
function addressOfNode({ spec }: Evidence, { node, source }: Router): string | undefined {
  return spec === undefined ? source : spec.spec.nodes.find(({ name }) => name === node)?.address
}

function alone(evidence: Evidence, routers: readonly Router[]): RuleFinding[] {
  const [only, another] = routers
  if (only === undefined || another !== undefined || evidence.cluster.nodes.length < 2) return []
  return [
    finding(
      'VIP-ONE-NODE',
      'warning',
      [placeOf(evidence, only, 'priority')],
      `only ${only.node} may hold ${addressesOf(only)}: without that node nobody serves it`,
      evidence.spec === undefined ? 'the same instance on another node' : 'another node in prefer',
    ),
  ]
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
  const once = wide.filter(({ address }, index) => wide.findIndex((other) => other.address === address) === index)
  return once.map(({ router, address, length }) =>
    finding(
      'VIP-PREFIX',
      'warning',
      wide
        .filter((other) => other.address === address)
        .map((other) => placeOf(evidence, other.router, 'virtual_ipaddress')),
      `${address}/${length} on ${router.node} brings a route to ${networkOf(address, length)}/${length}, where no node is: with the VIP on it, a node looks for all of that network on its own link`,
      `${address}/${familyOf(address) === 4 ? 32 : 128}`,
    ),
  )
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
  const nodes = new Map(
    routers.flatMap((router) => {
      const address = addressOfNode(evidence, router)
      return address === undefined ? [] : [[address, router.node] as const]
    }),
  )
  return routers.flatMap((router) =>
    router.addresses.flatMap((address) => {
      const owner = nodes.get(address)
      if (owner === undefined) return []
      return [
        finding(
          'VIP-NODE',
          'error',
          [placeOf(evidence, router, 'virtual_ipaddress')],
          `${address}, which ${router.node} may take as a VIP, is the address of ${owner} itself: it is there twice, or moves away from the node that needs it`,
          'an address that nobody has',
        ),
      ]
    }),
  )
}
