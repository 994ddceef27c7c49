import type { AddressConfig, InstanceConfig, KeepalivedConfig, UnreadLine } from '../keepalived-config/config.ts'
import { bareAddress } from '../proof/canonical-address.ts'
import { addressDifferences, addressesOf, type Difference, identityDifferences } from '../proof/reload-match.ts'
import type { Position } from '../spec/problem.ts'
import type { OtherNode } from './ask-nodes.ts'
import type { Obstacle } from './options.ts'

/** What is known of the hand-written pair on this node, and of what shall follow it. */
export type Situation = {
  /** Of the hand-written keepalived that runs here; without instances where none does. */
  before: Pick<KeepalivedConfig, 'instances' | 'globals'>
  /** Lines of its file in which there may be more. */
  unread: readonly UnreadLine[]
  /** Of the file that lb-agent would write. */
  after: Pick<KeepalivedConfig, 'instances' | 'globals'>
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
  const ofOld = new Set(before.instances.flatMap((one) => addressesOf(one).map(bareAddress)))
  const addressOf = ({ addresses: [first] }: InstanceConfig): string => (first === undefined ? '' : bareAddress(first))
  const stays = after.instances.filter((vip) => ofOld.has(addressOf(vip)) && held.has(addressOf(vip)))
  const elsewhere = after.instances.filter((vip) => {
    const address = addressOf(vip)
    return !held.has(address) && !agents.has(address) && (ofOld.has(address) || answered.has(address))
  })
  // Whoever could not see its holder would take it as well, once it stopped waiting.
  const unseen = elsewhere.filter((vip) => silent.has(addressOf(vip)))
  const left = elsewhere.filter((vip) => !unseen.includes(vip))
  return {
    stays: stays.map(({ name }) => name),
    left: left.map(({ name }) => name),
    gaps: stays.flatMap((vip) => gapOf(vip, situation)),
    obstacles: [
      ...notUnderstood(situation),
      ...lost(situation),
      ...(alone ? [] : unseen.map((vip) => unseenAt(vip.name, addressOf(vip)))),
      ...(stays.length > 0 && !alone ? waiting(situation) : []),
    ],
  }
}

/** What keepalived would take for another one: the instance, and addresses of it. */
function gapOf(vip: InstanceConfig, { before, after }: Pick<Situation, 'before' | 'after'>): string[] {
  const [address] = vip.addresses
  const old = before.instances.find(
    (one) => address !== undefined && addressesOf(one).some((other) => bareAddress(other) === bareAddress(address)),
  )
  if (old === undefined) return []
  const sides = [
    { instance: old, globals: before.globals },
    { instance: vip, globals: after.globals },
  ] as const
  const why = [
    ...identityDifferences(...sides).map(identityWords),
    ...addressesOf(vip).flatMap((wanted) => addressWords(wanted, vip, old)),
  ]
  return why.length === 0 ? [] : [`${vip.name} (${shown(old.at)}): ${why.join('; ')}`]
}

function identityWords({ what, was, will }: Difference): string {
  switch (what) {
    case 'virtual router id':
    case 'multicast group':
      return `its ${what} is ${was} there and ${will} in lb.yaml`
    case 'family':
      return `its addresses are ${was} there and ${will} in lb.yaml`
    case 'interface':
      return `it is on ${was ?? 'no interface'} there and on ${will} in lb.yaml`
    case 'transport':
      return `adverts go by ${was} there and by ${will} in lb.yaml (vrrp.transport)`
    case 'source':
      return `adverts come from ${was ?? 'an address that keepalived chooses'} there and from ${will} in lb.yaml`
    case 'own interface':
      return 'it has an interface of its own there (use_vmac), which lb.yaml cannot say'
    default:
      return what satisfies never
  }
}

/** Why keepalived takes an address for another one than before; empty where it does not, or where it is new. */
function addressWords(wanted: AddressConfig, vip: InstanceConfig, old: InstanceConfig): string[] {
  const there = addressesOf(old).find((one) => bareAddress(one) === bareAddress(wanted))
  if (there === undefined) return []
  const differences = addressDifferences({ address: there, instance: old }, { address: wanted, instance: vip })
  if (differences.some(({ what }) => what === 'prefix length'))
    return [`it is ${there.address} there and ${wanted.address} in lb.yaml`]
  // That the instance is on another interface is told already.
  const extras = differences.flatMap(({ what, was }) =>
    was === undefined || (what === 'interface' && was === old.interface)
      ? []
      : [`${what === 'interface' ? 'dev' : what} ${was}`],
  )
  return extras.length === 0
    ? []
    : [`${bareAddress(wanted)} has "${extras.join(' ')}" there, which lb-agent does not write`]
}

function notUnderstood({ unread }: Situation): Obstacle[] {
  return unread.map(({ text, at }) => ({
    what: `${shown(at)} is written in a way that lb-agent does not read, so it cannot tell which addresses keepalived has here: ${text.slice(0, 100)}`,
    fix: 'write it out in keepalived.conf (~SEQ, ~LST, parameters of several lines), then run lb-agent install again',
  }))
}

/** Addresses that nobody would have any more. */
function lost({ before, known }: Situation): Obstacle[] {
  return before.instances.flatMap(({ name, at, ...instance }) =>
    addressesOf(instance)
      .map(bareAddress)
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

function shown({ file, line }: Position): string {
  return `${file}:${line}`
}
