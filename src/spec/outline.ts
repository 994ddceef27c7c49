import type { output } from 'zod'
import { parseIpAddress } from './address.ts'
import { checkSchema, serviceSchema } from './service-schema.ts'
import { poolSchema, vipSchema, vrrpSchema } from './spec-schema.ts'
import type { YamlPath } from './yaml-path.ts'

/**
 * As much of lb.yaml as is readable, whatever else is wrong with it: a part that its own schema refuses is `undefined`.
 * References can so be checked in a file that has other problems too.
 */
export type Outline = {
  transport: 'unicast' | 'multicast' | undefined
  nodes: readonly NodeOutline[] | undefined
  vips: readonly VipOutline[] | undefined
  pools: readonly PoolOutline[] | undefined
  services: readonly ServiceOutline[]
}
export type Place = { path: YamlPath; address: string }
export type NodeOutline = { name: string; address: Place | undefined }
export type VipOutline = {
  name: string
  address: Place | undefined
  extraAddresses: readonly Place[]
  virtualRouterId: number | undefined
  prefer: readonly string[] | undefined
}
export type PoolOutline = {
  name: string
  servers: readonly { name: string; address: string; port: number | undefined }[]
}
export type ServiceOutline = {
  name: string
  vip: string | undefined
  port: number | undefined
  pool: string | undefined
  profile: 'kubernetes-api' | 'tcp' | 'http' | undefined
  check: Exclude<output<typeof checkSchema>, string> | undefined
}

export function outlineOf(file: unknown): Outline {
  return {
    transport: vrrpSchema.shape.transport.safeParse(get(get(file, 'vrrp'), 'transport')).data,
    nodes: entries(get(file, 'nodes'))?.map(([name, node]) => ({ name, address: nodePlace(name, node) })),
    vips: entries(get(file, 'vips'))?.map(([name, vip]) => outlineOfVip(name, vip)),
    pools: entries(get(file, 'pools') ?? {})?.map(([name, pool]) => outlineOfPool(name, pool)),
    services: (entries(get(file, 'services')) ?? []).map(([name, service]) => outlineOfService(name, service)),
  }
}

function nodePlace(name: string, node: unknown): Place | undefined {
  return placeOf(['nodes', name, 'address'], get(node, 'address'))
}

function outlineOfVip(name: string, vip: unknown): VipOutline {
  const { virtualRouterId, prefer } = vipSchema.shape
  const extra = get(vip, 'extraAddresses')
  return {
    name,
    address: placeOf(['vips', name, 'address'], get(vip, 'address')),
    extraAddresses: (Array.isArray(extra) ? extra : []).flatMap(
      (address: unknown, index) => placeOf(['vips', name, 'extraAddresses', index], address) ?? [],
    ),
    virtualRouterId: virtualRouterId.safeParse(get(vip, 'virtualRouterId')).data,
    prefer: prefer.safeParse(get(vip, 'prefer')).data,
  }
}

function outlineOfPool(name: string, pool: unknown): PoolOutline {
  const server = poolSchema.valueType
  const servers = (entries(pool) ?? []).flatMap(([name, written]) => {
    const read = server.safeParse(written).data
    if (read === undefined) return []
    return typeof read === 'string'
      ? { name, address: read, port: undefined }
      : { name, address: read.address, port: read.port }
  })
  return { name, servers }
}

function outlineOfService(name: string, service: unknown): ServiceOutline {
  const { vip, port, pool, profile } = serviceSchema.shape
  const check = checkSchema.safeParse(get(service, 'check') ?? {}).data
  return {
    name,
    vip: vip.safeParse(get(service, 'vip')).data,
    port: port.safeParse(get(service, 'port')).data,
    pool: pool.safeParse(get(service, 'pool')).data,
    profile: profile.safeParse(get(service, 'profile')).data,
    check: typeof check === 'string' ? { type: check } : check,
  }
}

/** The canonical address at a place, whether or not a prefix follows. */
function placeOf(path: YamlPath, written: unknown): Place | undefined {
  const address = typeof written === 'string' ? parseIpAddress(written.replace(/\/\d+$/, '')) : undefined
  return address && { path, address: address.text }
}

function get(value: unknown, key: string): unknown {
  return isMapping(value) ? value[key] : undefined
}

function entries(value: unknown): [string, unknown][] | undefined {
  return isMapping(value) ? Object.entries(value) : undefined
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
