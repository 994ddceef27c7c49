import type { InstanceConfig } from './config.ts'
import type { Report } from './report.ts'

/**
 * Two instances with the same virtual router id and family on one interface: by multicast always, by unicast where they also have
 * the same source and a peer in common (2.2.7, check_vrid_conflicts()). Without unicast_src_ip the source is the interface's address.
 */
export function checkVirtualRouterIds(
  instances: readonly InstanceConfig[],
  groupOf: (one: InstanceConfig) => string,
  report: Report,
): void {
  const seen = new Map<string, InstanceConfig>()
  for (const instance of instances) {
    for (const key of keysOf(instance, groupOf(instance))) {
      const other = seen.get(key)
      if (other === undefined) {
        seen.set(key, instance)
        continue
      }
      report(
        instance.places.get('virtual_router_id') ?? instance.at,
        `${instance.name} has virtual router id ${instance.virtualRouterId} on ${instance.interface ?? 'no interface'}, as ${other.name} has in line ${other.at.line}; give it another one`,
      )
      break
    }
  }
}

function keysOf(
  { family, virtualRouterId, interface: name, unicast, source }: InstanceConfig,
  group: string,
): string[] {
  const both = `${family} ${virtualRouterId} ${name}`
  if (unicast === undefined || unicast.peers.length === 0) return [`multicast ${both} ${group}`]
  return [...new Set(unicast.peers.map(({ address }) => `unicast ${both} ${source ?? ''} ${address}`))]
}
