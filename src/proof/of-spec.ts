import { basePriority, dampingMs } from '../render/expectation.ts'
import { familyOf } from '../spec/address.ts'
import type { Places } from '../spec/parse-file.ts'
import type { Node, Spec, Vip } from '../spec/spec.ts'
import { agentTrackers, RESTARTS_KEEPALIVED, serversLostTerms } from './agent-trackers.ts'
import { MULTICAST_GROUP } from './groups.ts'
import type { ProofCluster, Router, Term } from './model.ts'

const NOWHERE: Places = () => ({ file: 'lb.yaml', line: 0, col: 0 })

/**
 * What lb-agent's own templates make of an lb.yaml: the routers that its rendered files give (of-keepalived.ts), without rendering
 * them. `places` is where its parts stand.
 */
export function proofOfSpec(spec: Spec, places: Places = NOWHERE): ProofCluster {
  const routersOf = (vip: Vip): Router[] => {
    const services = spec.services.filter((service) => service.vip === vip.name)
    const serversLost = serversLostTerms(
      services.map(({ check }) => check),
      { dampingMs: dampingMs(spec), writtenMs: spec.vrrp.dampingMs },
    )
    const members = spec.nodes.filter(({ name }) => vip.prefer.includes(name))
    return members.map((node) => routerOf({ spec, vip, node, members, serversLost, places }))
  }
  return {
    nodes: spec.nodes.map(({ name }) => ({ name, restartsKeepalived: [...RESTARTS_KEEPALIVED, heldBack(spec)] })),
    routers: spec.vips.flatMap(routersOf),
    vips: spec.vips.map(({ name, address, prefer }) => ({
      ...{ name, address, prefer },
      hasServers: spec.services.some(({ vip }) => vip === name),
    })),
  }
}

/** A node whose keepalived was gone lets whoever has its VIPs be, for as long as `failback` says. */
function heldBack({ vrrp: { failbackMs } }: Spec): Term {
  if (failbackMs === 'manual') return { what: 'lb-agent undrain (failback: manual)', ms: 0, byHand: true }
  return { what: 'failback', ms: failbackMs }
}

type Part = {
  spec: Spec
  vip: Vip
  node: Node
  members: readonly Node[]
  serversLost: readonly Term[] | undefined
  places: Places
}

function routerOf({ spec, vip, node, members, serversLost, places }: Part): Router {
  const family = familyOf(vip.address)
  const at = places(['vips', vip.name])
  const peers = members.filter(({ name }) => name !== node.name).map(({ address }) => address)
  const isUnicast = spec.vrrp.transport === 'unicast' && peers.length > 0
  return {
    node: node.name,
    name: vip.name,
    at,
    family,
    virtualRouterId: vip.virtualRouterId,
    interface: node.interface,
    version: 3,
    priority: basePriority(vip.prefer, node.name),
    advertMs: spec.vrrp.advertIntervalMs,
    nopreempt: false,
    preemptDelayMs: 0,
    startsAsMaster: false,
    source: isUnicast ? node.address : undefined,
    unicastPeers: isUnicast ? peers : undefined,
    multicastGroup: MULTICAST_GROUP[family],
    authentication: '',
    advertised: [vip.address],
    checksSource: isUnicast,
    addresses: [vip.address, ...vip.extraAddresses.map(({ address }) => address)],
    downTimerAdverts: 3,
    trackers: agentTrackers(vip.name, { at, serversLost }),
    tracksInterface: true,
    syncGroup: undefined,
  }
}
