import { networkInterfaces } from 'node:os'

/** Addresses that this node's kernel has now: the only truth about who holds a VIP. Interfaces that are down are not listed. */
export function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .map(({ address }) => address),
  )
}
