import type { AddressConfig, InstanceConfig, UnreadLine } from '../keepalived-config/config.ts'
import { parseIpAddress } from '../spec/address.ts'
import type { Position } from '../spec/problem.ts'
import type { OtherNode } from './ask-nodes.ts'
import type { Obstacle } from './options.ts'

/** What is known of the hand-written pair on this node, and of what shall follow it. */
export type Situation = {
  /** Of the hand-written keepalived that runs here; empty where none does. */
  before: readonly InstanceConfig[]
  /** Lines of its file in which there may be more. */
  unread: readonly UnreadLine[]
  /** Of the file that lb-agent would write. */
  after: readonly InstanceConfig[]
  /** Addresses of all VIPs in lb.yaml, with those that move with them. */
  known: ReadonlySet<string>
  /** Addresses that this node has now. */
  held: ReadonlySet<string>
  /** Addresses at which another machine answers, and those at whose ports nobody does. */
  answered: ReadonlySet<string>
  silent: ReadonlySet<string>
  /** By address: the node whose agent says that it holds it. */
  agents: ReadonlyMap<string, string>
  nodes: readonly Pick<OtherNode, 'name' | 'address' | 'missing'>[]
}

/**
 * `stays`: VIPs that this node holds and keeps. `left`: those that the old pair holds elsewhere, which wait. `gaps`: why a VIP will
 * be away for a moment. `obstacles`: why it must not be done now.
 */
export type TakeoverPlan = {
  stays: readonly string[]
  left: readonly string[]
  gaps: readonly string[]
  obstacles: readonly Obstacle[]
}

/** How this node is taken over while the others run the old pair, or are taken over already. */
export function planTakeover(situation: Situation, { alone }: { alone: boolean }): TakeoverPlan {
  const { before, after, held, answered, silent, agents } = situation
  const ofOld = new Set(before.flatMap(({ addresses, excluded }) => [...addresses, ...excluded].map(bare)))
  const addressOf = ({ addresses: [first] }: InstanceConfig): string => (first === undefined ? '' : bare(first))
  const stays = after.filter((vip) => ofOld.has(addressOf(vip)) && held.has(addressOf(vip)))
  const elsewhere = after.filter((vip) => {
    const address = addressOf(vip)
    return !held.has(address) && !agents.has(address) && (ofOld.has(address) || answered.has(address))
  })
  // Whoever could not see its holder would take it as well, once it stopped waiting.
  const unseen = elsewhere.filter((vip) => silent.has(addressOf(vip)))
  const left = elsewhere.filter((vip) => !unseen.includes(vip))
  return {
    stays: stays.map(({ name }) => name),
    left: left.map(({ name }) => name),
    gaps: stays.flatMap((vip) => gapOf(vip, before)),
    obstacles: [
      ...notUnderstood(situation),
      ...lost(situation),
      ...(alone ? [] : unseen.map((vip) => unseenAt(vip.name, addressOf(vip)))),
      ...(stays.length > 0 && !alone ? waiting(situation) : []),
    ],
  }
}

/**
 * keepalived keeps MASTER and the address over a reload when it finds the same instance: by router id, family, interface, unicast or
 * not, source address and use_vmac, not by name (2.2.7, vrrp_exist()). An address of another prefix length, interface, label or scope
 * is another one to it (IP_ISEQ), and so is one that was in the other block (clear_diff_vrrp_vip()).
 */
function gapOf(vip: InstanceConfig, before: readonly InstanceConfig[]): string[] {
  const [address] = vip.addresses
  if (address === undefined) return []
  const old = before.find(({ addresses, excluded }) => [...addresses, ...excluded].some(isSameAs(address)))
  if (old === undefined) return []
  const why = [
    old.virtualRouterId === vip.virtualRouterId
      ? undefined
      : `its virtual router id is ${old.virtualRouterId} there and ${vip.virtualRouterId} in lb.yaml`,
    old.interface === vip.interface
      ? undefined
      : `it is on ${old.interface ?? 'no interface'} there and on ${vip.interface} in lb.yaml`,
    isUnicast(old) === isUnicast(vip)
      ? undefined
      : `adverts go by ${transport(old)} there and by ${transport(vip)} in lb.yaml (vrrp.transport)`,
    isUnicast(old) && isUnicast(vip) && old.source !== vip.source
      ? `adverts come from ${old.source ?? 'an address that keepalived chooses'} there and from ${vip.source} in lb.yaml`
      : undefined,
    old.ownMac ? 'it has an interface of its own there (use_vmac), which lb.yaml cannot say' : undefined,
    ...vip.addresses.map((one) => whyOther(one, old, 'addresses')),
    ...vip.excluded.map((one) => whyOther(one, old, 'excluded')),
  ].filter((reason) => reason !== undefined)
  return why.length === 0 ? [] : [`${vip.name} (${shown(old.at)}): ${why.join('; ')}`]
}

const BLOCKS = { addresses: 'virtual_ipaddress', excluded: 'virtual_ipaddress_excluded' } as const

/** Why keepalived takes an address for another one than before; undefined where it does not, or where it is new. */
function whyOther(wanted: AddressConfig, old: InstanceConfig, block: keyof typeof BLOCKS): string | undefined {
  const other = block === 'addresses' ? 'excluded' : 'addresses'
  const there = old[block].find(isSameAs(wanted))
  if (there === undefined)
    return old[other].some(isSameAs(wanted))
      ? `${bare(wanted)} is in ${BLOCKS[other]} there and in ${BLOCKS[block]} with lb.yaml`
      : undefined
  if (lengthOf(there) !== lengthOf(wanted)) return `it is ${there.address} there and ${wanted.address} in lb.yaml`
  const extras = [
    there.dev === undefined || there.dev === old.interface ? undefined : `dev ${there.dev}`,
    there.label === undefined ? undefined : `label ${there.label}`,
    there.scope === undefined || there.scope === 'global' ? undefined : `scope ${there.scope}`,
  ].filter((extra) => extra !== undefined)
  return extras.length === 0
    ? undefined
    : `${bare(wanted)} has "${extras.join(' ')}" there, which lb-agent does not write`
}

function notUnderstood({ unread }: Situation): Obstacle[] {
  return unread.map(({ text, at }) => ({
    what: `${shown(at)} is written in a way that lb-agent does not read, so it cannot tell which addresses keepalived has here: ${text.slice(0, 100)}`,
    fix: 'write it out in keepalived.conf (~SEQ, ~LST, parameters of several lines), then run lb-agent install again',
  }))
}

/** Addresses that nobody would have any more. */
function lost({ before, known }: Situation): Obstacle[] {
  return before.flatMap(({ name, at, addresses, excluded }) =>
    [...addresses, ...excluded]
      .map(bare)
      .filter((address) => !known.has(address))
      .map((address) => ({
        what: `instance ${name} (${shown(at)}) has ${address}, which lb.yaml does not: it would be gone`,
        fix: 'add it to lb.yaml (vips, or extraAddresses of one), or take it out of keepalived.conf first',
      })),
  )
}

/** Its own keepalived.conf says that there is a pair, and nothing says where the address is. */
function unseenAt(name: string, address: string): Obstacle {
  return {
    what: `${name} (${address}) is in keepalived.conf and not on this node, and nobody answers at the ports of its services: if another node has it, this one cannot see that, and would take it as well`,
    fix: 'let this node reach those ports at that address (firewall); where nobody has it: --alone',
  }
}

/** Whoever runs the old pair would miss our adverts, and take the VIPs as well. */
function waiting({ nodes }: Situation): Obstacle[] {
  const missing = nodes.flatMap(({ name, address, missing: why }) =>
    why === undefined ? [] : [{ name, address, why }],
  )
  if (missing.length === 0) return []
  const told = missing.map(({ name, address, why }) => `${name} (${address}): ${why}`).join('. ')
  return [
    {
      what: `this node holds VIPs, and a keepalived of the old pair on another one would not hear this one (VRRPv3), and take them as well. ${told}`,
      fix: `have lb-agent install serve on ${missing.map(({ name }) => name).join(' and ')} first: they then wait for this node; where keepalived is stopped or was never there, add --alone`,
    },
  ]
}

/** A person may accept them. */
export function gapObstacles({ gaps }: TakeoverPlan, { acceptGap }: { acceptGap: boolean }): Obstacle[] {
  if (gaps.length === 0 || acceptGap) return []
  return [
    {
      what: `keepalived would give a VIP up and take it again, for less than a second, because it takes the new instance for another one. ${gaps.join('. ')}`,
      fix: 'say the same in lb.yaml for now, and change it later, node by node, drained; or add --accept-gap',
    },
  ]
}

function transport(instance: InstanceConfig): string {
  return isUnicast(instance) ? 'unicast' : 'multicast'
}

function isUnicast({ unicast }: InstanceConfig): boolean {
  return unicast !== undefined && unicast.peers.length > 0
}

function shown({ file, line }: Position): string {
  return `${file}:${line}`
}

function isSameAs(wanted: AddressConfig): (one: AddressConfig) => boolean {
  return (one) => bare(one) === bare(wanted)
}

/** Without its prefix length, written as all others are. */
function bare({ address }: AddressConfig): string {
  const [text = ''] = address.split('/')
  return parseIpAddress(text)?.text ?? text
}

function lengthOf({ address }: AddressConfig): string | undefined {
  return address.split('/')[1]
}
