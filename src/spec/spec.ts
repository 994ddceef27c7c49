import type { RuleId } from './rule-ids.ts'

/**
 * The desired state of a whole cluster, as `parseSpec` returns it: every default filled in, every reference resolved,
 * every name, address, port and path within its type. Lists keep the order of the file. Durations are milliseconds.
 */
export type Spec = {
  version: 1
  cluster: string
  nodes: readonly Node[]
  vrrp: {
    transport: 'unicast' | 'multicast'
    advertIntervalMs: number
    /** `manual`: a node that has recovered waits for a person. */
    failbackMs: number | 'manual'
    dampingMs: number
  }
  vips: readonly Vip[]
  pools: readonly Pool[]
  services: readonly Service[]
  haproxy: {
    maxConnections: number
    /** `errors`: only connections that failed are logged. */
    log: 'errors' | 'all'
    /** Old workers are ended this long after a reload, whatever they still serve. */
    hardStopAfterMs: number
    /** Loopback port of the health listener (`/alive`, `/metrics`). */
    healthPort: number
  }
  /** Rules of the proof that do not count here, each with the reason that a person gave. */
  accept: readonly { rule: RuleId; reason: string }[]
}

/** A balancer. `interface` carries `address` and the VIPs. */
export type Node = { name: string; address: string; interface: string }

/** A virtual address and the nodes that may hold it, best first. */
export type Vip = {
  name: string
  address: string
  /** 32 or 128 unless given: a VIP brings no connected route. */
  prefixLength: number
  virtualRouterId: number
  prefer: readonly string[]
  /** Announced with the VIP, not part of the advert (`virtual_ipaddress_excluded`). */
  extraAddresses: readonly { address: string; prefixLength: number }[]
  /** Held back until a server was up once. */
  requireHealthyOnce: boolean
}

export type Pool = { name: string; servers: readonly Server[] }

/** `port`: given by the server itself; otherwise the service's `serverPort` is used. `weight` is 0-256. */
export type Server = { name: string; address: string; port: number | undefined; weight: number; backup: boolean }

export type Profile = 'kubernetes-api' | 'tcp' | 'http'

/** One port of one VIP and the pool behind it. */
export type Service = {
  name: string
  vip: string
  port: number
  pool: string
  profile: Profile
  mode: 'tcp' | 'http'
  /** With fewer servers up the service counts as down. */
  minimumServers: number
  balance: 'roundrobin' | 'leastconn' | 'source'
  /** Port of servers that give none. Default: `port`. */
  serverPort: number
  sendProxy: 'none' | 'v2'
  check: Check
  timeouts: Timeouts
}

export type Timeouts = {
  connectMs: number
  clientMs: number
  serverMs: number
  /** Both directions of an established stream in mode tcp (and upgraded connections in mode http). */
  tunnelMs: number
}

/** How HAProxy decides that a server is up. */
export type Check = { intervalMs: number; rise: number; fall: number } & (
  | { kind: 'tcp' }
  | {
      kind: 'http' | 'https'
      path: string
      host: string | undefined
      /** Statuses that count as up. 401 among them: an API server that refuses anonymous questions still answers. */
      expect: readonly number[]
    }
)
