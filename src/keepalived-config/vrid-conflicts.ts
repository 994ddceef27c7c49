import type { Globals, InstanceConfig } from './config.ts'
import { type Report, shown } from './report.ts'

/**
 * Two instances with the same virtual router id and family on one interface: by multicast when they use the same group, by unicast
 * when they also have the same source and a peer in common (2.2.7, check_vrid_conflicts()). Without unicast_src_ip the source is the
 * address of the interface, which is not known here.
 */
export function checkVirtualRouterIds(instances: readonly InstanceConfig[], globals: Globals, report: Report): void {
  const seen = new Map<string, InstanceConfig>()
  for (const instance of instances) {
    const { name, virtualRouterId, interface: device = 'no interface', places, at } = instance
    const keys = keysOf(instance, globals)
    const other = keys.map((key) => seen.get(key)).find((found) => found !== undefined)
    if (other !== undefined)
      report(
        places.get('virtual_router_id') ?? at,
        `${name} has virtual router id ${virtualRouterId} on ${device}, as ${other.name} has (${shown(other.at)}), so keepalived does not start; give it another one`,
        'ends keepalived',
      )
    for (const key of keys) if (!seen.has(key)) seen.set(key, instance)
  }
}

function keysOf(instance: InstanceConfig, globals: Globals): string[] {
  const { family, virtualRouterId, interface: device, unicast, source, multicastDestination } = instance
  const both = `${family} ${virtualRouterId} ${device}`
  if (unicast !== undefined && unicast.peers.length > 0)
    return [...new Set(unicast.peers.map(({ address }) => `unicast ${both} ${source ?? ''} ${address}`))]
  const usual = family === 4 ? (globals.multicastGroup4 ?? '224.0.0.18') : (globals.multicastGroup6 ?? 'ff02::12')
  return [`multicast ${both} ${multicastDestination ?? usual}`]
}
