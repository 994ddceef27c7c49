import type { Globals, InstanceConfig } from '../keepalived-config/config.ts'

/** Where VRRP adverts go by multicast (RFC 5798 §5.1.1.2 and §5.1.2.2). */
export const MULTICAST_GROUP = { 4: '224.0.0.18', 6: 'ff02::12' } as const

/** Where those of an instance go, if it has no peers: what it says itself, or what the file says for all. */
export function multicastGroupOf(
  { family, multicastDestination }: Pick<InstanceConfig, 'family' | 'multicastDestination'>,
  { multicastGroup4, multicastGroup6 }: Pick<Globals, 'multicastGroup4' | 'multicastGroup6'>,
): string {
  return multicastDestination ?? (family === 4 ? multicastGroup4 : multicastGroup6) ?? MULTICAST_GROUP[family]
}
