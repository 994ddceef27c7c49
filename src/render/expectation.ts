import type { HaproxyMetrics } from '../spec/agent-config.ts'
import type { Spec } from '../spec/spec.ts'
import type { RenderTarget } from './render-target.ts'

/**
 * What can be seen of one node's files once the daemons run them: kept with the release, so that a node that boots
 * without a network still knows what it should serve.
 */
export type Expectation = {
  /** Empty in releases that an older agent has stored; for words only. */
  cluster: string
  healthPort: number
  /** What the rendered file was told; `agent`: the exporter is not in it, so the agent serves HAProxy's figures. */
  haproxyMetrics: HaproxyMetrics
  advertIntervalMs: number
  /** How long a node that has recovered lets the holder of a VIP be. */
  failbackMs: number | 'manual'
  /** How long the holder of a VIP waits before it admits that its servers are lost. */
  dampingMs: number
  /** The other nodes of the cluster. */
  peers: readonly { name: string; address: string }[]
  vips: readonly ExpectedVip[]
  services: readonly ExpectedService[]
}

/** A VRRP instance of this node; VIPs that do not name the node in `prefer` are not among them. */
export type ExpectedVip = {
  name: string
  address: string
  virtualRouterId: number
  basePriority: number
  interface: string
  prefer: readonly string[]
  requireHealthyOnce: boolean
  /** null in releases that an older agent has stored; for words only. */
  prefixLength: number | null
  /** They move together with the VIP. */
  extraAddresses: readonly { address: string; prefixLength: number }[]
}

export type ExpectedService = {
  name: string
  vip: string
  address: string
  port: number
  backend: string
  servers: number
  minimumServers: number
}

/** With the full score of 100 the first node reaches 254: keepalived's largest priority that scores can still move. */
const FIRST_BASE_PRIORITY = 154
/** From the first to the last of `prefer`, so that the order never outweighs a step between two scores (health/score.ts). */
const MAX_SPREAD = 30
/** Of two nodes that miss their MASTER at the same time, the second waits 5 ms longer at adverts of 100 ms (RFC 5798 §6.1). */
const MAX_STEP = 12

/**
 * keepalived's `priority` of a node for one VIP: 154 for the first of `prefer`, 153 for the second, which takes over within
 * its skew of 1 ms, and then in larger steps: the third and the second must not run a race for what the first has lost.
 */
export function basePriority(prefer: readonly string[], node: string): number {
  const rank = prefer.indexOf(node)
  const step = Math.max(1, Math.min(MAX_STEP, Math.floor((MAX_SPREAD - 1) / Math.max(1, prefer.length - 2))))
  return FIRST_BASE_PRIORITY - (rank === 0 ? 0 : 1 + step * (rank - 1))
}

/** Where clients of a VIP connect. */
export function portsOf({ services }: Pick<Expectation, 'services'>, vip: string): number[] {
  return services.filter((service) => service.vip === vip).map(({ port }) => port)
}

/** HAProxy's name of the backend that serves a service. */
export function backendName(service: string): string {
  return `${service}-servers`
}

export function expectationOf(spec: Spec, target: Pick<RenderTarget, 'node' | 'metrics'>): Expectation {
  const nodeName = target.node
  const node = spec.nodes.find(({ name }) => name === nodeName)
  const vips = spec.vips.filter(({ prefer }) => prefer.includes(nodeName))
  return {
    cluster: spec.cluster,
    healthPort: spec.haproxy.healthPort,
    haproxyMetrics: target.metrics.haproxy,
    advertIntervalMs: spec.vrrp.advertIntervalMs,
    failbackMs: spec.vrrp.failbackMs,
    dampingMs: dampingMs(spec),
    peers: spec.nodes.filter(({ name }) => name !== nodeName).map(({ name, address }) => ({ name, address })),
    vips: vips.map((vip) => ({
      name: vip.name,
      address: vip.address,
      virtualRouterId: vip.virtualRouterId,
      basePriority: basePriority(vip.prefer, nodeName),
      interface: node?.interface ?? '',
      prefer: vip.prefer,
      requireHealthyOnce: vip.requireHealthyOnce,
      prefixLength: vip.prefixLength,
      extraAddresses: vip.extraAddresses.map(({ address, prefixLength }) => ({ address, prefixLength })),
    })),
    services: spec.services.map((service) => ({
      name: service.name,
      vip: service.vip,
      address: spec.vips.find(({ name }) => name === service.vip)?.address ?? '',
      port: service.port,
      backend: backendName(service.name),
      servers: spec.pools.find(({ name }) => name === service.pool)?.servers.length ?? 0,
      minimumServers: service.minimumServers,
    })),
  }
}

/** How long the holder of a VIP waits before it admits that its servers are lost: until every node has seen the same outage. */
export function dampingMs(spec: Spec): number {
  return Math.max(spec.vrrp.dampingMs, checkSpreadMs(spec))
}

/** HAProxys of two nodes see the same outage up to a check interval apart, and each agent asks its own twice a second. */
function checkSpreadMs(spec: Spec): number {
  return Math.max(0, ...spec.services.map(({ check }) => check.intervalMs)) + 1_000
}
