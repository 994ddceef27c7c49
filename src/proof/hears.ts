import { parseIpAddress } from '../spec/address.ts'
import { canonicalAddress } from './canonical-address.ts'
import type { Router } from './model.ts'

/** An instance with what is compared between it and others worked out once. */
export type Listener = {
  router: Router
  /** Equal: neither refuses the other's packets for what is in them. */
  packet: string
  source: string | undefined
  peers: ReadonlySet<string> | undefined
}

/** `skip_check_adv_addr` is no part of it: 2.2.7 then skips only adverts of a sender whose list it has accepted before. */
export function listenerOf(router: Router): Listener {
  return {
    router,
    // vrrp_check_packet of keepalived 2.2.7: version, in VRRPv2 password and interval (RFC 3768 §7.1), and the addresses as a set.
    packet: [
      router.family,
      router.virtualRouterId,
      router.version,
      ...(router.version === 2 ? [router.authentication, router.advertMs] : []),
      router.unicastPeers === undefined ? router.multicastGroup : 'unicast',
      ...[...new Set(router.advertised.map(canonicalAddress))].sort(),
    ].join(' '),
    source: router.source === undefined ? undefined : canonicalAddress(router.source),
    peers: router.unicastPeers === undefined ? undefined : new Set(router.unicastPeers.map(canonicalAddress)),
  }
}

/**
 * Whether `to` takes the adverts of `from`. An address that is not known is taken for the right one. A MASTER of 2.2.7 puts off its
 * own advert with each one that it refuses (vrrp_dispatcher_read sets its timer again; measured: one of two says nothing more), so
 * that a third node may miss it. Who else becomes MASTER for a while is not told here: there are two already.
 */
export function hears(to: Listener, from: Listener): boolean {
  if (to.router.node === from.router.node || to.packet !== from.packet) return false
  if (to.peers === undefined || from.peers === undefined) return true
  if (to.router.checksSource && from.source !== undefined && !to.peers.has(from.source)) return false
  return to.source === undefined || from.peers.has(to.source)
}

/** Whether a MASTER gives way to another one that it hears (vrrp_state_master_rx; RFC 5798 §6.4.3). */
export function isHigher(one: Rival, other: Rival): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority
  return one.sourceOrder > other.sourceOrder
}

export type Rival = { priority: number; sourceOrder: string }

/** Sorts as the address does, byte by byte; what is not known comes first. */
export function sourceOrder(source: string | undefined): string {
  const address = source === undefined ? undefined : parseIpAddress(source)
  if (address === undefined) return ''
  if (address.family === 4)
    return address.text
      .split('.')
      .map((octet) => octet.padStart(3, '0'))
      .join('.')
  const [head = '', tail] = address.text.split('::')
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'))
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail)]
    .map((group) => group.padStart(4, '0'))
    .join(':')
}
