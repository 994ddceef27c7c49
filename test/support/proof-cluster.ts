import type { Contribution, FaultKind, ProofCluster, ProofNode, Router, Term, Tracker } from '../../src/proof/model.ts'

const AT = { file: 'test.conf', line: 1, col: 1 }
export const NOTICED: Term = { what: 'noticed', ms: 5 }

/** An instance as the files of a careful person make it; node N of the names `a`, `b`, … has 10.0.0.N. */
export function router(node: string, more: Partial<Router> = {}): Router {
  return {
    node,
    name: 'VI_1',
    at: AT,
    family: 4,
    virtualRouterId: 7,
    interface: 'eth0',
    version: 3,
    priority: 100,
    advertMs: 100,
    nopreempt: false,
    preemptDelayMs: 0,
    startsAsMaster: false,
    source: sourceOf(node),
    unicastPeers: undefined,
    multicastGroup: '224.0.0.18',
    authentication: '',
    checksSource: false,
    advertised: ['10.0.0.100'],
    addresses: ['10.0.0.100'],
    downTimerAdverts: 3,
    trackers: [],
    tracksInterface: true,
    syncGroup: undefined,
    ...more,
  }
}

export function sourceOf(node: string): string {
  return `10.0.0.${node.charCodeAt(0) - 96}`
}

/** A tracker that makes of a fault what is given, after 5 ms unless told otherwise. */
export function tracker(
  what: Tracker['what'],
  healthy: Contribution,
  under: Partial<Record<FaultKind, Contribution>>,
  terms: readonly Term[] = [NOTICED],
): Tracker {
  const noticed = Object.entries(under).map(([fault, contribution]) => [fault, { contribution, terms }])
  return { name: what, what, at: AT, healthy, under: Object.fromEntries(noticed), unknown: undefined }
}

/** The cluster of these instances, with one VIP for each address. Nobody starts keepalived again unless `nodes` says so. */
export function cluster(routers: readonly Router[], nodes: readonly Partial<ProofNode>[] = []): ProofCluster {
  const names = [...new Set(routers.map(({ node }) => node))].sort()
  const addresses = [...new Set(routers.flatMap((one) => one.addresses))].sort()
  return {
    nodes: names.map((name) => ({ restartsKeepalived: undefined, ...nodes.find((node) => node.name === name), name })),
    routers,
    vips: addresses.map((address) => ({ name: address, address, prefer: undefined, hasServers: true })),
  }
}
