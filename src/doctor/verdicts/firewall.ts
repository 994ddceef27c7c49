import * as z from 'zod'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** `nft -j list ruleset`, or why there is none. `legacy`: tables of iptables-legacy, which nft does not show. */
export type Ruleset =
  | { kind: 'rules'; json: string; legacy: readonly string[] }
  | { kind: 'not root' }
  | { kind: 'no nft' }
  | { kind: 'failed'; reason: string }

function fixOf(base: Chain): string {
  if (base.table === OWN_TABLE) return anew(base)
  return [
    `nft insert rule ${base.family} ${base.table} ${base.name} meta l4proto vrrp accept`,
    'and in the file that the rules come from (/etc/nftables.conf), or they are gone at the next boot',
    `${printing(base)} prints all that this node needs`,
  ].join('; ')
}

/** For rules that were right once. */
function anew(base: Chain): string {
  return `${printing(base)} prints the rules for lb.yaml as it is now: load them again`
}

/** The table that `lb-agent firewall` makes. */
const OWN_TABLE = 'lb_agent'

function printing({ family, table, name, hook }: Chain): string {
  if (table === OWN_TABLE) return 'lb-agent firewall PATH'
  return `lb-agent firewall PATH --into${hook === 'output' ? '-output' : ''} '${family} ${table} ${name}'`
}

/** Another node, by the address that its adverts come from. */
type Peer = { name: string; address: string }

/**
 * VRRP is IP protocol 112, not a port: a strict ruleset forgets it, and each node then believes to be alone. `peers`: those
 * whose adverts come from an address that lb.yaml has; rules of an earlier lb.yaml leave out who has come since.
 */
export function firewallVerdict(ruleset: Ruleset, peers: readonly Peer[] = []): Verdict {
  switch (ruleset.kind) {
    case 'not root':
      return cannotTell('Rules of the firewall are for root to read.', AS_ROOT)
    case 'no nft':
      return cannotTell('nft is not installed, so the rules in the kernel cannot be read.', 'apt-get install nftables')
    case 'failed':
      return cannotTell(`nft does not list its rules: ${ruleset.reason}.`)
    case 'rules':
      return judge(ruleset.json, ruleset.legacy, peers)
    default:
      return ruleset satisfies never
  }
}

function judge(json: string, legacy: readonly string[], peers: readonly Peer[]): Verdict {
  const read = readRules(json)
  if (read === undefined) return cannotTell('What nft printed is not what this version of lb-agent can read.')
  const bases = read.chains.filter(
    ({ hook, type }) => (hook === 'input' || hook === 'output') && (type === undefined || type === 'filter'),
  )
  const verdicts = bases.map((chain) => judgeChain(chain, read.rules, peers))
  const bad = verdicts.find(({ kind }) => kind === 'problem') ?? verdicts.find(({ kind }) => kind === 'cannot tell')
  if (bad !== undefined) return bad
  if (legacy.includes('filter'))
    return cannotTell(
      'iptables-legacy has rules, which nft does not show.',
      'iptables-legacy -S | grep -i -e 112 -e vrrp -e "^-P"',
    )
  return ok(bases.length === 0 ? 'No firewall rules: VRRP passes.' : 'No rule of nftables drops VRRP (protocol 112).')
}

function judgeChain(base: Chain, rules: readonly Rule[], peers: readonly Peer[]): Verdict {
  const table = `${base.family} ${base.table}`
  const where = `chain ${base.name} of table ${table} (${base.hook})`
  const reachable = rulesFrom(base, rules)
  const named = reachable.filter(({ expr }) => expr.some(isVrrpMatch))
  const fix = fixOf(base)
  const closed = base.policy === 'drop' || reachable.some((rule) => rule.expr.every(isNoMatch) && isDrop(rule))
  const first = named.find((rule) => verdictOf(rule) !== undefined)
  if (first !== undefined && isDrop(first))
    return problem(
      `A rule in ${where} drops VRRP (protocol 112): adverts are lost, and each node believes to be alone.`,
      fix,
    )
  if (first !== undefined) {
    const out = base.hook === 'input' ? peers.filter((peer) => isKeptOut(peer, reachable, closed)) : []
    if (out.length === 0) return ok('VRRP is let through.')
    const names = out.map(({ name, address }) => `${name} (${address})`).join(', ')
    return problem(
      `${where} accepts VRRP (protocol 112) from some addresses, and drops that of ${names}: each believes to be alone.`,
      anew(base),
    )
  }
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

/** The first rule for VRRP of its address decides; where there is none, one that is about more than VRRP may. */
function isKeptOut({ address }: Peer, reachable: readonly Rule[], closed: boolean): boolean {
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

/** The protocol above IP, however nft names where it stands. */
const UPPER_PROTOCOL = /"(?:key|field)":"(?:l4proto|protocol|nexthdr)"/
/** A field of a header that VRRP has not: tcp dport, icmp type. */
const OTHER_HEADER = /"payload":\{"protocol":"(?!ip"|ip6"|ether")/

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
    if (/"ct":/.test(left) || UPPER_PROTOCOL.test(left) || OTHER_HEADER.test(left)) return true
    return /"key":"(?:iifname|iif|oifname|oif)"/.test(left) && match?.right === 'lo'
  })
}

function verdictOf(rule: Rule): 'accept' | 'drop' | undefined {
  if (rule.expr.some((part) => 'accept' in part)) return 'accept'
  return isDrop(rule) ? 'drop' : undefined
}

function isDrop({ expr }: Rule): boolean {
  return expr.some((part) => 'drop' in part || 'reject' in part)
}

function isNoMatch(part: Expression): boolean {
  return 'counter' in part || 'log' in part || 'drop' in part || 'reject' in part
}

type Expression = Record<string, unknown>
type Chain = z.infer<typeof chainSchema>
type Rule = z.infer<typeof ruleSchema>

const chainSchema = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  type: z.string().optional(),
  hook: z.string().optional(),
  policy: z.string().optional(),
})
const ruleSchema = z.object({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  expr: z.array(z.record(z.string(), z.unknown())),
})
const matchSchema = z.object({ op: z.string(), left: z.unknown(), right: z.unknown() })
/** No networks, ranges or sets with a name. */
const sourcesSchema = z.union([
  z
    .string()
    .regex(/^[0-9a-f.:]+$/)
    .transform((address) => [address]),
  z.object({ set: z.array(z.string()) }).transform(({ set }) => set),
])
const documentSchema = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) })

function readRules(json: string): { chains: Chain[]; rules: Rule[] } | undefined {
  try {
    const { nftables } = documentSchema.parse(JSON.parse(json))
    return {
      chains: nftables.flatMap((entry) => ('chain' in entry ? [chainSchema.parse(entry['chain'])] : [])),
      rules: nftables.flatMap((entry) => ('rule' in entry ? [ruleSchema.parse(entry['rule'])] : [])),
    }
  } catch {
    return undefined
  }
}

function matchOf(part: Expression): z.infer<typeof matchSchema> | undefined {
  return matchSchema.safeParse(part['match']).data
}

function targetOf(value: unknown): string | undefined {
  return z.object({ target: z.string() }).safeParse(value).data?.target
}
