import type { Profile } from '../spec/spec.ts'
import type { LeftOut } from './old-services.ts'

/** An lb.yaml before it is written: only what differs from its defaults, with the sentences that go beside each part. */
export type Draft = {
  cluster: string
  nodes: readonly DraftNode[]
  nodeComments: readonly string[]
  vrrp: { transport?: 'multicast'; advertInterval?: string; failback?: 'manual' | { after: string } }
  vrrpComments: readonly string[]
  vips: readonly DraftVip[]
  pools: readonly DraftPool[]
  services: readonly DraftService[]
  haproxy: { maxConnections?: number }
}

/** `address`, `interface`: undefined where the files do not say it, so that a person must. */
export type DraftNode = {
  name: string
  address: string | undefined
  interface: string | undefined
  comments: readonly string[]
}

export type DraftVip = {
  name: string
  address: string
  /** Only where it is not that of a single address. */
  prefixLength: number | undefined
  virtualRouterId: number
  prefer: readonly string[]
  extraAddresses: readonly string[]
  comments: readonly string[]
}

/** `leftOut`: servers of the old backend that lb.yaml has no words for. */
export type DraftPool = {
  name: string
  servers: readonly DraftServer[]
  comments: readonly string[]
  leftOut: readonly LeftOut[]
}

/** `found`: what the files say instead of an address, and where, so that a person must. */
export type DraftServer = {
  name: string
  address: string | undefined
  found?: string
  port?: number
  weight?: number
  backup?: true
}

export type DraftService = {
  name: string
  vip: string
  port: number
  pool: string
  profile: Profile
  serverPort?: number
  balance?: 'roundrobin' | 'leastconn' | 'source'
  sendProxy?: 'v2'
  check?: DraftCheck
  timeouts?: Readonly<Record<string, string>>
  comments: readonly string[]
}

export type DraftCheck = {
  type?: 'tcp' | 'http' | 'https'
  path?: string
  host?: string
  expect?: number | readonly number[]
  interval?: string
  rise?: number
  fall?: number
}
