import { parseIpAddress } from '../spec/address.ts'
import type { VrrpInstance } from './keepalived-file.ts'
import type { Obstacle } from './options.ts'

/** What is known of the hand-written pair on this node, and of what shall follow it. */
export type Situation = {
  /** Of the hand-written keepalived that runs here; empty where none does. */
  before: readonly VrrpInstance[]
  /** Of the file that lb-agent would write. */
  after: readonly VrrpInstance[]
  /** Addresses of all VIPs in lb.yaml, with those that move with them. */
  known: ReadonlySet<string>
  /** Addresses that this node has now. */
  held: ReadonlySet<string>
  /** Addresses at which another machine answers. */
  answered: ReadonlySet<string>
  /** By address: the node whose agent says that it holds it. */
  agents: ReadonlyMap<string, string>
  /** The other nodes; `answers`: an agent runs there. */
  peers: readonly { name: string; address: string; answers: boolean }[]
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
export function planTakeover(situation: Situation, options: { alone: boolean }): TakeoverPlan {
  const { before, after, held, answered, agents } = situation
  const ofOld = new Set(before.flatMap(({ addresses }) => addresses.map(bare)))
  const addressOf = ({ addresses }: VrrpInstance): string => bare(addresses[0] ?? '')
  const stays = after.filter((vip) => ofOld.has(addressOf(vip)) && held.has(addressOf(vip)))
  const left = after.filter((vip) => {
    const address = addressOf(vip)
    return !held.has(address) && !agents.has(address) && (ofOld.has(address) || answered.has(address))
  })
  return {
    stays: stays.map(({ name }) => name),
    left: left.map(({ name }) => name),
    gaps: stays.flatMap((vip) => gapOf(vip, before)),
    obstacles: [...lost(situation), ...(stays.length > 0 && !options.alone ? waiting(situation) : [])],
  }
}

/**
 * keepalived keeps MASTER and the address over a reload when it finds the same instance: by router id, family, interface, unicast or
 * not, and source address, not by name (2.2.7, vrrp_exist()). Another prefix length is another address to it.
 */
function gapOf(vip: VrrpInstance, before: readonly VrrpInstance[]): string[] {
  const address = vip.addresses[0] ?? ''
  const old = before.find(({ addresses }) => addresses.some((one) => bare(one) === bare(address)))
  if (old === undefined) return []
  const why = [
    old.virtualRouterId === vip.virtualRouterId
      ? undefined
      : `its virtual router id is ${old.virtualRouterId} there and ${vip.virtualRouterId} in lb.yaml`,
    old.interface === vip.interface ? undefined : `it is on ${old.interface} there and on ${vip.interface} in lb.yaml`,
    old.unicast === vip.unicast
      ? undefined
      : `adverts go by ${transport(old)} there and by ${transport(vip)} in lb.yaml (vrrp.transport)`,
    old.unicast && vip.unicast && old.source !== vip.source
      ? `adverts come from ${old.source ?? 'an address that keepalived chooses'} there and from ${vip.source} in lb.yaml`
      : undefined,
    old.addresses.includes(address)
      ? undefined
      : `it is ${old.addresses.find((one) => bare(one) === bare(address))} there and ${address} in lb.yaml`,
  ].filter((reason) => reason !== undefined)
  return why.length === 0 ? [] : [`${vip.name} (keepalived.conf:${old.line}): ${why.join('; ')}`]
}

/** Addresses that nobody would have any more. */
function lost({ before, known }: Situation): Obstacle[] {
  return before.flatMap(({ name, line, addresses, excluded }) =>
    [...addresses, ...excluded]
      .map(bare)
      .filter((address) => !known.has(address))
      .map((address) => ({
        what: `instance ${name} (keepalived.conf:${line}) has ${address}, which lb.yaml does not: it would be gone`,
        fix: 'add it to lb.yaml (vips, or extraAddresses of one), or take it out of keepalived.conf first',
      })),
  )
}

/** Whoever runs the old pair would miss our adverts, and take the VIPs as well. */
function waiting({ peers }: Situation): Obstacle[] {
  const silent = peers.filter(({ answers }) => !answers)
  if (silent.length === 0) return []
  const names = silent.map(({ name, address }) => `${name} (${address})`).join(', ')
  return [
    {
      what: `this node holds VIPs, and no agent answers on ${names}: a keepalived of the old pair there would not hear this one (VRRPv3), and take the VIPs as well`,
      fix: `run lb-agent install on ${silent.map(({ name }) => name).join(' and ')} first: they then wait for this node; where keepalived is stopped or was never there, add --alone`,
    },
  ]
}

function transport({ unicast }: VrrpInstance): string {
  return unicast ? 'unicast' : 'multicast'
}

/** Without its prefix length, written as all others are. */
function bare(address: string): string {
  const [text = ''] = address.split('/')
  return parseIpAddress(text)?.text ?? text
}
