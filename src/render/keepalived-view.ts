import type { Spec, Vip } from '../spec/spec.ts'
import { keepalivedSeconds } from './durations.ts'
import { basePriority } from './expectation.ts'
import { type RenderTarget, RUNTIME } from './render-target.ts'

/** The variables of keepalived.conf.j2: plain words and lists, every decision already taken. */
export function keepalivedView(spec: Spec, target: RenderTarget) {
  const { runtime, launcher } = target.paths
  const node = spec.nodes.find(({ name }) => name === target.node)
  const mine = spec.vips.filter(({ prefer }) => prefer.includes(target.node))
  return {
    cluster: spec.cluster,
    node: target.node,
    release: target.release,
    fifo: `${runtime}/${RUNTIME.fifo}`,
    gate: `${runtime}/${RUNTIME.gate}`,
    check: `${launcher} check --runtime ${runtime} --health-port ${spec.haproxy.healthPort}`,
    instances: mine.map((vip) => ({
      name: vip.name,
      score: `${runtime}/${RUNTIME.score(vip.name)}`,
      interface: node?.interface ?? '',
      virtual_router_id: vip.virtualRouterId,
      priority: basePriority(vip.prefer, target.node),
      rank: vip.prefer.indexOf(target.node) + 1,
      prefer: vip.prefer.join(', '),
      advert_int: keepalivedSeconds(spec.vrrp.advertIntervalMs),
      source: node?.address ?? '',
      peers: spec.vrrp.transport === 'unicast' ? peersOf(spec, vip, target.node) : [],
      address: `${vip.address}/${vip.prefixLength}`,
      extra_addresses: vip.extraAddresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    })),
  }
}

/** The other nodes that may hold the VIP. One without any has nobody to talk to: keepalived then sends to the multicast group. */
function peersOf(spec: Spec, vip: Vip, node: string): string[] {
  return vip.prefer
    .filter((name) => name !== node)
    .flatMap((name) => spec.nodes.filter((other) => other.name === name).map(({ address }) => address))
}
