import type { InstanceConfig } from '../keepalived-config/config.ts'
import { bareAddress } from './canonical-address.ts'
import { multicastGroupOf } from './groups.ts'
import type { Reason } from './impact.ts'
import type { Side } from './reload-match.ts'

/**
 * Why a node with the old file and one with the new file do not hear each other: an advert of the other kind is not seen, or thrown
 * away (vrrp_check_packet() of keepalived 2.2.7; RFC 5798 §7.1). Until both have changed, both sides may hold the VIP.
 */
export function apartReasons(before: Side, after: Side): Reason[] {
  const [was, will] = [before.instance, after.instance]
  const at = (keyword: string): Reason['at'] => will.places.get(keyword) ?? will.at
  const transport = was.unicast === undefined ? 'multicast' : 'unicast'
  const [groupWas, groupWill] = [groupOf(before), groupOf(after)]
  const [listWas, listWill] = [advertised(was), advertised(will)]
  return [
    was.virtualRouterId === will.virtualRouterId
      ? undefined
      : { text: 'the virtual router id is another one', at: at('virtual_router_id') },
    was.family === will.family ? undefined : { text: 'the family is another one', at: at('virtual_ipaddress') },
    was.version === will.version
      ? undefined
      : { text: `VRRP version ${will.version} is not understood by version ${was.version}`, at: at('version') },
    (was.unicast === undefined) === (will.unicast === undefined)
      ? undefined
      : { text: `adverts do not go by ${transport} any more`, at: at('unicast_peer') },
    groupWas === groupWill ? undefined : { text: 'the multicast group is another one', at: will.at },
    listWas === listWill
      ? undefined
      : { text: 'adverts name other addresses (virtual_ipaddress)', at: at('virtual_ipaddress') },
    // RFC 3768 §7.1: VRRPv2 alone compares them.
    will.version === 3 || was.advertMs === will.advertMs
      ? undefined
      : { text: 'the advert interval is another one (VRRPv2)', at: at('advert_int') },
    will.version === 3 || passwordOf(was) === passwordOf(will)
      ? undefined
      : { text: 'the password is another one (VRRPv2)', at: at('authentication') },
  ].filter((reason) => reason !== undefined)
}

function groupOf({ instance, globals }: Side): string | undefined {
  return instance.unicast === undefined ? multicastGroupOf(instance, globals) : undefined
}

function advertised({ addresses }: InstanceConfig): string {
  return [...new Set(addresses.map(bareAddress))].sort().join(' ')
}

function passwordOf({ authentication }: InstanceConfig): string {
  return authentication === undefined ? '' : `${authentication.type} ${authentication.password}`
}
