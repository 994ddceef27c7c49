import type { Node, Spec, Vip } from '../spec/spec.ts'
import { keepalivedSeconds } from './durations.ts'
import { basePriority } from './expectation.ts'
import { type RenderTarget, RUNTIME } from './render-target.ts'

/** Routing table and preference: a number that ip-rule(8), systemd-networkd and the CNIs of Kubernetes do not use. */
const LATE_TABLE = 5798

/** The variables of keepalived.conf.j2, which describes them. `node` is the node of `target`. */
export function keepalivedView(spec: Spec, node: Node, target: RenderTarget) {
  const { runtime, launcher } = target.paths
  const mine = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  return {
    cluster: spec.cluster,
    node: node.name,
    release: target.release,
    fifo: `${runtime}/${RUNTIME.fifo}`,
    gate: `${runtime}/${RUNTIME.gate}`,
    late: mine
      .flatMap((vip) => [vip, ...vip.extraAddresses])
      .map(({ address }) => ({ address, interface: node.interface })),
    late_table: LATE_TABLE,
    check: `${launcher} check --runtime ${runtime} --health-port ${spec.haproxy.healthPort}`,
    instances: mine.map((vip) => ({
      name: vip.name,
      score: `${runtime}/${RUNTIME.score(vip.name)}`,
      interface: node.interface,
      virtual_router_id: vip.virtualRouterId,
      priority: basePriority(vip.prefer, node.name),
      rank: vip.prefer.indexOf(node.name) + 1,
      prefer: vip.prefer.join(', '),
      advert_int: keepalivedSeconds(spec.vrrp.advertIntervalMs),
      source: node.address,
      peers: spec.vrrp.transport === 'unicast' ? peersOf(spec, vip, node) : [],
      address: virtualAddress(vip, node.interface),
      extra_addresses: vip.extraAddresses.map((extra) => virtualAddress(extra, node.interface)),
    })),
  }
}

/** The other nodes that may hold the VIP. One without any has nobody to talk to: keepalived then sends to the multicast group. */
function peersOf(spec: Spec, vip: Vip, node: Node): string[] {
  return vip.prefer
    .filter((name) => name !== node.name)
    .flatMap((name) => spec.nodes.filter((other) => other.name === name).map(({ address }) => address))
}

/**
 * No `-nodad` for IPv6: keepalived adds addresses with the kernel's flag nodad, and that word takes it off (2.2.7). The
 * address would then be unusable for a second while the kernel looks for a duplicate (RFC 4862 §5.4).
 */
function virtualAddress({ address, prefixLength }: Pick<Vip, 'address' | 'prefixLength'>, device: string): string {
  return `${address}/${prefixLength} dev ${device}`
}
