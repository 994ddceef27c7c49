import { parseIpAddress } from '../spec/address.ts'
import type { Draft, DraftNode } from './draft.ts'
import { draftNodes } from './draft-nodes.ts'
import { draftPools } from './draft-pools.ts'
import { type Drafted, draftServices, profileOf } from './draft-services.ts'
import { draftVips, groupInstances, type VipGroup } from './draft-vips.ts'
import { draftVrrp } from './draft-vrrp.ts'
import { usableName } from './names.ts'
import { type OldCluster, shortPlace } from './old-cluster.ts'
import type { OldConfig } from './old-configs.ts'
import { type LeftOut, type OldService, oldServices } from './old-services.ts'

/** The draft, and what its parts come from. */
export type BuiltDraft = {
  draft: Draft
  groups: readonly VipGroup[]
  drafted: readonly Drafted[]
  leftOut: readonly LeftOut[]
}

/** An lb.yaml for the old cluster; undefined: no node has a VRRP instance with an address. */
export function buildDraft(configs: readonly OldConfig[], cluster: OldCluster, name: string): BuiltDraft | undefined {
  const nodes = draftNodes(configs)
  const groups = groupInstances(configs, nodes)
  const { services, leftOut, differing } = servicesOfAll(configs)
  const vips = draftVips(groups, (address) => nameByServices(address, services))
  if (vips.length === 0) return undefined
  const pools = draftPools(services, cluster)
  const found = draftServices(services, pools, vips)
  const drafted = found.drafted.map(({ service, old }) => ({
    old,
    service: { ...service, comments: [...service.comments, ...(differing.get(old) ?? [])] },
  }))
  const used = new Set(drafted.map(({ service }) => service.pool))
  const maxConnections = configs.flatMap(({ haproxy }) => haproxy?.global.maxConnections ?? [])[0]
  const draft: Draft = {
    cluster: usableName(name, 'cluster'),
    nodes,
    nodeComments: commentOnNames(nodes),
    ...draftVrrp(groups, nodes),
    vips,
    pools: [...new Set(pools.flatMap((pool) => pool?.pool ?? []))].filter((pool) => used.has(pool.name)),
    services: drafted.map(({ service }) => service),
    haproxy: isOwnWish(maxConnections) ? { maxConnections } : {},
  }
  const servers = draft.pools.flatMap((pool) => pool.leftOut)
  return { draft, groups, drafted, leftOut: [...leftOut, ...found.leftOut, ...servers] }
}

function commentOnNames(nodes: readonly DraftNode[]): string[] {
  const isAddress = nodes.some(({ name }) => parseIpAddress(name))
  if (!isAddress && !nodes.some(({ name }) => name.includes('.'))) return []
  const how = isAddress ? 'by address' : 'with their domain'
  return [`The old files name the nodes ${how}. A node finds itself by its hostname, or by \`node\` in its agent.yaml.`]
}

function isOwnWish(maxConnections: number | undefined): maxConnections is number {
  return maxConnections !== undefined && maxConnections >= 1 && maxConnections <= 1_000_000 && maxConnections !== 8000
}

/** What the services of a VIP are tells its name, where its instance has only a number. */
function nameByServices(address: string, services: readonly OldService[]): string | undefined {
  const mine = services.filter(({ bind }) => bind.address === address || bind.address === undefined)
  const isApi = (service: OldService) => profileOf(service) === 'kubernetes-api'
  if (mine.length > 0 && mine.every(isApi)) return 'api'
  return mine.some(({ port }) => port === 80 || port === 443) && !mine.some(isApi) ? 'web' : undefined
}

/** Services of all nodes: as the first node with an haproxy.cfg has them, then what only others have. */
function servicesOfAll(configs: readonly OldConfig[]): {
  services: OldService[]
  leftOut: LeftOut[]
  differing: Map<OldService, string[]>
} {
  const services: OldService[] = []
  const leftOut = new Map<string, LeftOut>()
  const differing = new Map<OldService, string[]>()
  for (const { node, haproxy } of configs) {
    if (haproxy === undefined) continue
    const mine = oldServices(haproxy)
    for (const one of mine.leftOut) if (!leftOut.has(one.what)) leftOut.set(one.what, one)
    for (const service of mine.services) {
      const same = services.find(
        ({ frontend, port, bind }) =>
          frontend.name === service.frontend.name &&
          port === service.port &&
          (bind.address === service.bind.address || !sharedAddress(bind.address, configs)),
      )
      if (same === undefined) services.push(service)
      else if (meaning(same) !== meaning(service)) {
        const comment = `${node.name} had it otherwise (${shortPlace(service.backend.at)}); here as ${shortPlace(same.backend.at)} has it.`
        differing.set(same, [...(differing.get(same) ?? []), comment])
      }
    }
  }
  return { services, leftOut: [...leftOut.values()], differing }
}

/** Whether more than one node binds it, which is so for VIPs and not for the nodes' own addresses. */
function sharedAddress(address: string | undefined, configs: readonly OldConfig[]): boolean {
  const binders = configs.filter(({ haproxy }) =>
    haproxy?.proxies.some(({ binds }) => binds.some((bind) => bind.address === address)),
  )
  return address === undefined || binders.length > 1
}

/** What clients and servers notice of it. */
function meaning({ frontend, backend }: OldService): string {
  const servers = backend.servers.map(({ name, address, port, weight, backup, sendProxy, check }) => [
    name,
    address,
    port,
    weight,
    backup,
    sendProxy,
    check,
  ])
  const timeouts = [frontend, backend].map((proxy) =>
    Object.entries(proxy.timeouts).map(([key, written]) => [key, written?.value]),
  )
  return JSON.stringify([frontend.mode, backend.balance?.value, backend.check.kind, servers, timeouts])
}
