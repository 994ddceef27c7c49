import { familyOf } from './address.ts'
import { checkAddresses, checkFamilies } from './cross-check-addresses.ts'
import { checkService } from './cross-check-services.ts'
import { type Finding, wrongValue } from './finding.ts'
import { didYouMean } from './nearest.ts'
import { type Outline, outlineOf, type PoolOutline, type VipOutline } from './outline.ts'
import { listed } from './shown.ts'
import { formatPath } from './yaml-path.ts'

/** What is wrong between the parts of an lb.yaml, each of which may be right by itself. Takes the raw value of the file. */
export function crossReferences(file: unknown): Finding[] {
  const outline = outlineOf(file)
  return [
    ...checkAddresses(outline),
    ...checkFamilies(outline),
    ...checkRouterIds(outline.vips ?? []),
    ...checkPreferences(outline),
    ...(outline.pools ?? []).flatMap(checkPool),
    ...outline.services.flatMap((service, index) => checkService(service, outline.services.slice(0, index), outline)),
  ]
}

/** IPv4 and IPv6 routers count apart (RFC 5798 §5.2.3), so an id may serve one VIP of each. */
function checkRouterIds(vips: readonly VipOutline[]): Finding[] {
  const owners = new Map<string, string>()
  return vips.flatMap(({ name, address, virtualRouterId }) => {
    if (!address || virtualRouterId === undefined) return []
    const version = `IPv${familyOf(address.address)}`
    const owner = owners.get(`${version} ${virtualRouterId}`)
    if (owner === undefined) owners.set(`${version} ${virtualRouterId}`, name)
    const path = ['vips', name, 'virtualRouterId']
    return owner === undefined
      ? []
      : [wrongValue(path, virtualRouterId, `${version} VIP ${owner} has this virtual router id already`)]
  })
}

function checkPreferences({ nodes, vips }: Outline): Finding[] {
  if (!nodes || !vips) return []
  const known = nodes.map((node) => node.name)
  const listed = new Set(vips.flatMap((vip) => vip.prefer ?? []))
  const unknown = vips.flatMap((vip) =>
    (vip.prefer ?? []).flatMap((node, index) => checkPreferred(vip, node, index, known)),
  )
  // With an unreadable list, a node may well stand in it.
  if (vips.some((vip) => vip.prefer === undefined)) return unknown
  const unused = known
    .filter((node) => !listed.has(node))
    .map((node): Finding => {
      const message = `${formatPath(['nodes', node])} is in no prefer list; add it to that of a VIP, or remove the node`
      return { path: ['nodes', node], spot: 'key', message }
    })
  return [...unknown, ...unused]
}

function checkPreferred(
  { name, prefer = [] }: VipOutline,
  node: string,
  index: number,
  known: readonly string[],
): Finding[] {
  const path = ['vips', name, 'prefer', index]
  if (!known.includes(node)) return [wrongValue(path, node, `the nodes are ${listed(known)}${didYouMean(node, known)}`)]
  return prefer.indexOf(node) < index ? [wrongValue(path, node, 'this node stands in the list already')] : []
}

function checkPool({ name, servers }: PoolOutline): Finding[] {
  return servers.flatMap((server, index) => {
    const twin = servers.slice(0, index).find(({ address, port }) => address === server.address && port === server.port)
    const port = server.port === undefined ? '' : ` port ${server.port}`
    const path = ['pools', name, server.name]
    return twin
      ? [wrongValue(path, server.address, `server ${twin.name} of this pool has this address${port} already`)]
      : []
  })
}
