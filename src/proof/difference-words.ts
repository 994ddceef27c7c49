import type { InstanceConfig } from '../keepalived-config/config.ts'
import type { Reason } from './impact.ts'
import type { AddressDifference, Difference } from './reload-match.ts'

/** A difference of two instances in words, with its place in the new file. */
export function identityWords({ what, was, will }: Difference, { at, places }: InstanceConfig): Reason {
  const place = (...keywords: readonly string[]): Reason['at'] =>
    keywords.map((keyword) => places.get(keyword)).find((found) => found !== undefined) ?? at
  switch (what) {
    case 'virtual router id':
      return { text: `its virtual router id changes from ${was} to ${will}`, at: place('virtual_router_id') }
    case 'family':
      return { text: `its addresses change from ${was} to ${will}`, at: place('virtual_ipaddress') }
    case 'interface':
      return { text: `it changes from interface ${was ?? 'none'} to ${will ?? 'none'}`, at: place('interface') }
    case 'transport':
      return { text: `its adverts change from ${was} to ${will}`, at: place('unicast_peer', 'mcast_src_ip') }
    case 'source':
      return {
        text: `its adverts come from ${will ?? CHOSEN} instead of ${was ?? CHOSEN}`,
        at: place('unicast_src_ip'),
      }
    case 'own interface':
      return {
        text: will === undefined ? 'its own interface (use_vmac) goes' : 'it gets an interface of its own (use_vmac)',
        at: place('use_vmac', 'use_ipvlan'),
      }
    case 'multicast group':
      return { text: `its multicast group changes from ${was} to ${will}`, at }
    default:
      return what satisfies never
  }
}

const CHOSEN = 'an address that keepalived chooses'

/** `10.0.0.1 changes from /32 to /24` */
export function addressWords(address: string, { what, was, will }: AddressDifference): string {
  if (what === 'prefix length') return `${address} changes from ${was} to ${will}`
  if (was === undefined) return `${address} gets ${what} ${will}`
  if (will === undefined) return `${address} loses its ${what} ${was}`
  return `${address} changes from ${what} ${was} to ${will}`
}
