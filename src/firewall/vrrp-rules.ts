import { familyOf } from '../spec/address.ts'
import type { Node, Spec } from '../spec/spec.ts'
import { type Rule, rulesFor, type Section } from './rule.ts'

/** By number: a minimal system has no names of protocols. */
const VRRP = 'meta l4proto 112'
/** RFC 5798 §5.1.1.2 and §5.1.2.2. */
const GROUP = { 4: '224.0.0.18', 6: 'ff02::12' } as const

/** Adverts of the other nodes come in, nobody else's: whoever sends one with a higher priority takes the VIPs away. */
export function vrrpInput(spec: Spec, node: Node): Section {
  const peers = peersOf(spec, node)
  const drop: Rule = { text: `${VRRP} drop` }
  const from = peers.length === 0 ? 'nobody, there is no other node' : peers.map(({ name }) => name).join(', ')
  const about = `VRRP (IP protocol 112) from the other nodes only: ${from}.`
  if (spec.vrrp.transport === 'unicast') {
    const addresses = peers.map(({ address }) => address)
    return { about: [about], rules: [...rulesFor('saddr', addresses, `${VRRP} accept`), drop] }
  }
  const accepts = peers.length === 0 ? [] : versionsOf(spec).map((version) => fromGroup(version, peers, node))
  return { about: [about, ...accepts.map(({ why }) => why)], rules: [...accepts.map(({ rule }) => rule), drop] }
}

/** Adverts of this node go out: to the other nodes, or to the group. */
export function vrrpOutput(spec: Spec, node: Node): Section {
  const peers = peersOf(spec, node).map(({ address }) => address)
  const about = ['VRRP (IP protocol 112).']
  const toGroups = (versions: readonly (4 | 6)[]): Rule[] =>
    versions.flatMap((version) => rulesFor('daddr', [GROUP[version]], `${VRRP} accept`))
  if (spec.vrrp.transport === 'multicast') return { about, rules: toGroups(versionsOf(spec)) }
  // A VIP that only this node may hold has no peers, and keepalived then sends to the group.
  const alone = spec.vips.filter(({ prefer }) => prefer.length === 1 && prefer[0] === node.name)
  return { about, rules: [...rulesFor('daddr', peers, `${VRRP} accept`), ...toGroups(versionsIn(alone))] }
}

export function peersOf(spec: Spec, node: Node): Node[] {
  return spec.nodes.filter(({ name }) => name !== node.name)
}

/**
 * keepalived sends by the IP version of the VIP, from the first address of the interface, which by IPv6 is the link-local
 * one. That and an address of the version that lb.yaml does not speak of can only be told by their interface.
 */
function fromGroup(version: 4 | 6, peers: readonly Node[], { interface: device }: Node): { why: string; rule: Rule } {
  const group = `${version === 4 ? 'ip' : 'ip6'} daddr ${GROUP[version]} ${VRRP} accept`
  const known = peers.map(({ address }) => address)
  if (version === 6) {
    const text = `iifname "${device}" ip6 saddr fe80::/10 ${group}`
    const why = `By IPv6 multicast they come from link-local addresses, which lb.yaml does not have: anybody on ${device} can send them.`
    return { why, rule: { version, text } }
  }
  const [rule] = rulesFor('saddr', known, group)
  if (rule !== undefined && known.every((address) => familyOf(address) === 4))
    return {
      why: 'By IPv4 multicast they come from the first address of the interface: lb.yaml must have that one.',
      rule,
    }
  const why = `lb.yaml does not have the IPv4 address of every node: by IPv4 multicast anybody on ${device} can send them.`
  return { why, rule: { version, text: `iifname "${device}" ${group}` } }
}

/** IP versions of all adverts of the cluster. */
function versionsOf(spec: Spec): (4 | 6)[] {
  return versionsIn(spec.vips)
}

function versionsIn(vips: Spec['vips']): (4 | 6)[] {
  return ([4, 6] as const).filter((version) => vips.some(({ address }) => familyOf(address) === version))
}
