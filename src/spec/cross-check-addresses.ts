import { familyOf } from './address.ts'
import { type Finding, wrongValue } from './finding.ts'
import type { Outline, Place, VipOutline } from './outline.ts'
import { formatPath } from './yaml-path.ts'

/** Every address of nodes and VIPs is there once. Places come in canonical form, so `fd00::1` and `fd00:0::1` are one. */
export function checkAddresses({ nodes = [], vips = [] }: Outline): Finding[] {
  const places = [
    ...nodes.flatMap((node) => node.address ?? []),
    ...vips.flatMap((vip) => [...(vip.address ? [vip.address] : []), ...vip.extraAddresses]),
  ]
  const owners = new Map<string, Place>()
  return places.flatMap((place) => {
    const owner = owners.get(place.address)
    if (owner === undefined) owners.set(place.address, place)
    return owner ? [wrongValue(place.path, place.address, `${formatPath(owner.path)} has this address already`)] : []
  })
}

/** keepalived sends the adverts of an instance by one IP version: that of its VIP, from the address of the node. */
export function checkFamilies({ transport, nodes, vips = [] }: Outline): Finding[] {
  if (transport !== 'unicast') return []
  const versions = new Map(nodes?.map((node) => [node.name, node.address && familyOf(node.address.address)]))
  return vips.flatMap((vip) => checkFamily(vip, versions))
}

function checkFamily(
  { name, address, prefer = [] }: VipOutline,
  versions: ReadonlyMap<string, 4 | 6 | undefined>,
): Finding[] {
  const used = new Set(prefer.flatMap((node) => versions.get(node) ?? []))
  if (used.size > 1) {
    const path = ['vips', name, 'prefer']
    const lists = ([4, 6] as const).map((version) => {
      const nodes = prefer.filter((node) => versions.get(node) === version)
      return `${nodes.join(', ')} by IPv${version}`
    })
    const message = `${formatPath(path)} mixes IP versions (${lists.join('; ')}); unicast VRRP needs nodes of one`
    return [{ path, spot: 'value', message }]
  }
  const [version] = used
  if (!address || version === undefined || version === familyOf(address.address)) return []
  const why = `its nodes have IPv${version} addresses, and unicast VRRP announces only VIPs of the same IP version`
  return [
    wrongValue(address.path, address.address, `${why}; an address of the other version can go into extraAddresses`),
  ]
}
