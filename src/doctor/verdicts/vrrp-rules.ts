import * as z from 'zod'
import { type Chain, type Expression, matchOf, oldPartOf, type Rule, targetOf } from './rules.ts'

// What a rule of a firewall has to do with VRRP.

/** `ip` and `ip6`: of which families the cluster's adverts are. */
export type Family = 'ip' | 'ip6'

/** Another node, by the address that its adverts come from. */
export type Peer = { name: string; address: string }

/** The first rule for VRRP of its address decides; where there is none, one that is about more than VRRP may. */
export function isKeptOut({ address }: Peer, reachable: readonly Rule[], closed: boolean): boolean {
  const its = reachable.filter((rule) => rule.expr.every((part) => mayBeFrom(address, part)))
  const decides = its.find((rule) => rule.expr.some(isVrrpMatch) && verdictOf(rule) !== undefined)
  return decides === undefined ? closed && !its.some(mayLetVrrpThrough) : isDrop(decides)
}

/** False for a match of source addresses that are all named, one by one, and are others. */
function mayBeFrom(address: string, part: Expression): boolean {
  const match = matchOf(part)
  if (match === undefined || match.op === '!=' || !/"field":"saddr"/.test(JSON.stringify(match.left))) return true
  const named = sourcesSchema.safeParse(match.right).data
  return named === undefined || named.includes(address)
}

/** The rules of a chain and, in their place, of those it jumps to, in order. */
export function rulesFrom(base: Pick<Chain, 'family' | 'table' | 'name'>, rules: readonly Rule[], depth = 0): Rule[] {
  const own = rules.filter(
    ({ family, table, chain }) => family === base.family && table === base.table && chain === base.name,
  )
  return own.flatMap((rule) => {
    const target = rule.expr.flatMap((part) => targetOf(part['jump']) ?? targetOf(part['goto']) ?? [])[0]
    return target === undefined || depth > 8
      ? [rule]
      : [rule, ...rulesFrom({ ...base, name: target }, rules, depth + 1)]
  })
}

/** `ip …` never matches a packet of IPv6, `ip6 …` and nfproto likewise. */
export function isOfOtherFamily({ expr }: Rule, family: Family): boolean {
  const other = family === 'ip' ? 'ip6' : 'ip'
  return expr.some((part) => {
    const match = matchOf(part)
    if (match === undefined) return false
    const left = JSON.stringify(match.left)
    if (left.includes(`"payload":{"protocol":"${other}"`)) return true
    return left.includes('"nfproto"') && match.op === '==' && match.right === (family === 'ip' ? 'ipv6' : 'ipv4')
  })
}

/** The protocol above IP, however nft names where it stands. */
const UPPER_PROTOCOL = /"(?:key|field)":"(?:l4proto|protocol|nexthdr)"/
/** A field of a header that VRRP has not: tcp dport, icmp type. */
const OTHER_HEADER = /"payload":\{"protocol":"(?!ip"|ip6"|ether")/

/** What iptables has beside those: its words for ct state, and for ports and types of other protocols. */
const OTHER_OLD_MATCHES = new Set(['conntrack', 'state', 'tcp', 'udp', 'multiport', 'icmp', 'icmp6'])

export function isVrrpMatch(part: Expression): boolean {
  const match = matchOf(part)
  if (match === undefined || match.op === '!=') return false
  return UPPER_PROTOCOL.test(JSON.stringify(match.left)) && /"vrrp"|\b112\b/.test(JSON.stringify(match.right))
}

/**
 * Accepts by interface or address say nothing of the protocol, and a verdict map may say anything; those by another protocol,
 * by its port or by ct state are not meant for adverts.
 */
export function mayLetVrrpThrough(rule: Rule): boolean {
  if (verdictOf(rule) !== 'accept' && !rule.expr.some((part) => 'vmap' in part)) return false
  return !rule.expr.some((part) => {
    const match = matchOf(part)
    const left = JSON.stringify(match?.left ?? part['vmap'] ?? {})
    if (OTHER_OLD_MATCHES.has(oldPartOf(part) ?? '')) return true
    if (/"ct":/.test(left) || UPPER_PROTOCOL.test(left) || OTHER_HEADER.test(left)) return true
    return /"key":"(?:iifname|iif|oifname|oif)"/.test(left) && match?.right === 'lo'
  })
}

export function verdictOf(rule: Rule): 'accept' | 'drop' | undefined {
  if (rule.expr.some((part) => 'accept' in part)) return 'accept'
  return isDrop(rule) ? 'drop' : undefined
}

export function isDrop({ expr }: Rule): boolean {
  return expr.some((part) => 'drop' in part || 'reject' in part || oldPartOf(part) === 'REJECT')
}

export function isNoMatch(part: Expression): boolean {
  const old = oldPartOf(part)
  return ['counter', 'log', 'drop', 'reject'].some((word) => word in part) || old === 'REJECT' || old === 'comment'
}

/** No networks, ranges or sets with a name. */
const sourcesSchema = z.union([
  z
    .string()
    .regex(/^[0-9a-f.:]+$/)
    .transform((address) => [address]),
  z.object({ set: z.array(z.string()) }).transform(({ set }) => set),
])
