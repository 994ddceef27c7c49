import {
  type Chain,
  type Expression,
  matchOf,
  oldPartOf,
  type Rule,
  type Rules,
  readIptables,
  readNftables,
  targetOf,
} from './rules.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/**
 * `nft -j list ruleset`, or why there is none. `legacy`: what iptables-legacy has beside it, which nft does not show: the text of
 * its save program, or undefined where there are rules and no program that prints them.
 */
export type Ruleset =
  | { kind: 'rules'; json: string; legacy: readonly Legacy[] }
  | { kind: 'not root' }
  | { kind: 'no nft' }
  | { kind: 'failed'; reason: string }

export type Legacy = { family: 'ip' | 'ip6'; text: string | undefined }

/** `ip` and `ip6`: of which families the cluster's adverts are. */
export type Family = 'ip' | 'ip6'

/**
 * VRRP is IP protocol 112, not a port: a strict ruleset forgets it, and each node then believes to be alone. Judged for what
 * comes in and what goes out, of each family.
 */
export function firewallVerdict(ruleset: Ruleset, families: readonly Family[]): Verdict {
  switch (ruleset.kind) {
    case 'not root':
      return cannotTell('Rules of the firewall are for root to read.', AS_ROOT)
    case 'no nft':
      return cannotTell('nft is not installed, so the rules in the kernel cannot be read.', 'apt-get install nftables')
    case 'failed':
      return cannotTell(`nft does not list its rules: ${ruleset.reason}.`)
    case 'rules':
      return judge(ruleset.json, ruleset.legacy, families)
    default:
      return ruleset satisfies never
  }
}

function judge(json: string, legacy: readonly Legacy[], families: readonly Family[]): Verdict {
  const read = readNftables(json)
  if (read === undefined) return cannotTell('What nft printed is not what this version of lb-agent can read.')
  const old = legacy.filter(({ family }) => families.includes(family))
  const tools = [
    { by: NFT, rules: read },
    ...old.map(({ family, text }) => ({
      by: family === 'ip' ? IPTABLES : IP6TABLES,
      rules: readIptables(family, text ?? ''),
    })),
  ]
  const bases = tools.flatMap(({ by, rules }) => basesOf(rules).map((base) => ({ by, rules, base })))
  const verdicts = bases.flatMap(({ by, rules, base }) =>
    families.filter((family) => isFor(base, family)).map((family) => judgeChain(base, family, rules, by)),
  )
  const bad = verdicts.find(({ kind }) => kind === 'problem') ?? verdicts.find(({ kind }) => kind === 'cannot tell')
  if (bad !== undefined) return bad
  if (old.some(({ text }) => text === undefined))
    return cannotTell(
      'iptables-legacy has rules, which nft does not show, and there is no program that does.',
      'apt-get install iptables; then: iptables-legacy-save | grep -i -e 112 -e vrrp -e "^:"',
    )
  return ok(bases.length === 0 ? 'No firewall rules: VRRP passes.' : 'No rule drops VRRP (protocol 112), in or out.')
}

function basesOf({ chains }: Rules): Chain[] {
  return chains.filter(
    ({ hook, type }) => (hook === 'input' || hook === 'output') && (type === undefined || type === 'filter'),
  )
}

/** A bridge that the VIPs are on has tables of its own. */
function isFor({ family }: Chain, wanted: Family): boolean {
  return family === wanted || family === 'inet' || family === 'bridge'
}

/** How a rule is added, in the words of the tool that has the chain. */
type Tool = { insert(base: Chain): string; file: string }

const NFT: Tool = {
  insert: ({ family, table, name }) => `nft insert rule ${family} ${table} ${name} meta l4proto vrrp accept`,
  file: '/etc/nftables.conf',
}
const IPTABLES: Tool = {
  insert: ({ name }) => `iptables-legacy -I ${name} -p 112 -j ACCEPT`,
  file: '/etc/iptables/rules.v4',
}
const IP6TABLES: Tool = {
  insert: ({ name }) => `ip6tables-legacy -I ${name} -p 112 -j ACCEPT`,
  file: '/etc/iptables/rules.v6',
}

function judgeChain(base: Chain, family: Family, { rules }: Rules, by: Tool): Verdict {
  const where = `chain ${base.name} of table ${base.family} ${base.table} (${base.hook})`
  const reachable = rulesFrom(base, rules).filter((rule) => !isOfOtherFamily(rule, family))
  const named = reachable.filter(({ expr }) => expr.some(isVrrpMatch))
  const fix = `${by.insert(base)}; and in the file that the rules come from (${by.file}), or they are gone at the next boot`
  const first = named.find((rule) => verdictOf(rule) !== undefined)
  if (first !== undefined && isDrop(first))
    return first.expr.every((part) => isVrrpMatch(part) || isNoMatch(part))
      ? problem(
          `A rule in ${where} drops VRRP (protocol 112): adverts are lost, and each node believes to be alone.`,
          fix,
        )
      : cannotTell(`A rule in ${where} drops some VRRP (protocol 112); whether that of the nodes is not known.`, fix)
  if (first !== undefined) return ok('VRRP is let through.')
  const closed = base.policy === 'drop' || reachable.some((rule) => rule.expr.every(isNoMatch) && isDrop(rule))
  if (!closed) return ok('VRRP is let through.')
  if (reachable.some(mayLetVrrpThrough))
    return cannotTell(
      `${where} drops what no rule accepts; no rule names VRRP (protocol 112), others may let it through.`,
      fix,
    )
  return problem(
    `${where} drops what no rule accepts, and none accepts VRRP (protocol 112): adverts are lost, and each node believes to be alone.`,
    fix,
  )
}

/** The rules of a chain and, in their place, of those it jumps to, in order. */
function rulesFrom(base: Pick<Chain, 'family' | 'table' | 'name'>, rules: readonly Rule[], depth = 0): Rule[] {
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
function isOfOtherFamily({ expr }: Rule, family: Family): boolean {
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

function isVrrpMatch(part: Expression): boolean {
  const match = matchOf(part)
  if (match === undefined || match.op === '!=') return false
  return UPPER_PROTOCOL.test(JSON.stringify(match.left)) && /"vrrp"|\b112\b/.test(JSON.stringify(match.right))
}

/**
 * Accepts by interface or address say nothing of the protocol, and a verdict map may say anything; those by another protocol,
 * by its port or by ct state are not meant for adverts.
 */
function mayLetVrrpThrough(rule: Rule): boolean {
  if (verdictOf(rule) !== 'accept' && !rule.expr.some((part) => 'vmap' in part)) return false
  return !rule.expr.some((part) => {
    const match = matchOf(part)
    const left = JSON.stringify(match?.left ?? part['vmap'] ?? {})
    if (OTHER_OLD_MATCHES.has(oldPartOf(part) ?? '')) return true
    if (/"ct":/.test(left) || UPPER_PROTOCOL.test(left) || OTHER_HEADER.test(left)) return true
    return /"key":"(?:iifname|iif|oifname|oif)"/.test(left) && match?.right === 'lo'
  })
}

function verdictOf(rule: Rule): 'accept' | 'drop' | undefined {
  if (rule.expr.some((part) => 'accept' in part)) return 'accept'
  return isDrop(rule) ? 'drop' : undefined
}

function isDrop({ expr }: Rule): boolean {
  return expr.some((part) => 'drop' in part || 'reject' in part || oldPartOf(part) === 'REJECT')
}

function isNoMatch(part: Expression): boolean {
  const old = oldPartOf(part)
  return ['counter', 'log', 'drop', 'reject'].some((word) => word in part) || old === 'REJECT' || old === 'comment'
}
