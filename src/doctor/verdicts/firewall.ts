import { howToInstall, type PackageManager } from '../../how-to-install.ts'
import { type Chain, type Rule, type Rules, readIptables, readNftables } from './rules.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'
import {
  type Family,
  isDrop,
  isKeptOut,
  isNoMatch,
  isOfOtherFamily,
  isVrrpMatch,
  mayLetVrrpThrough,
  type Peer,
  rulesFrom,
  verdictOf,
} from './vrrp-rules.ts'

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

/**
 * VRRP is IP protocol 112, not a port: a strict ruleset forgets it, and each node then believes to be alone. Judged for what
 * comes in and what goes out, of each family. `peers`: those whose adverts come from an address that lb.yaml has; rules of an
 * earlier lb.yaml leave out who has come since.
 */
export function firewallVerdict(
  ruleset: Ruleset,
  families: readonly Family[],
  peers: readonly Peer[],
  manager: PackageManager,
): Verdict {
  switch (ruleset.kind) {
    case 'not root':
      return cannotTell('Rules of the firewall are for root to read.', AS_ROOT)
    case 'no nft':
      return cannotTell(
        'nft is not installed, so the rules in the kernel cannot be read.',
        howToInstall('nft', manager),
      )
    case 'failed':
      return cannotTell(`nft does not list its rules: ${ruleset.reason}.`)
    case 'rules':
      return judge(ruleset.json, ruleset.legacy, families, { peers, manager })
    default:
      return ruleset satisfies never
  }
}

function judge(
  json: string,
  legacy: readonly Legacy[],
  families: readonly Family[],
  { peers, manager }: { peers: readonly Peer[]; manager: PackageManager },
): Verdict {
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
    families
      .filter((family) => isFor(base, family))
      .map((family) => judgeChain({ base, family, by, rules: rules.rules }, peers)),
  )
  const bad = verdicts.find(({ kind }) => kind === 'problem') ?? verdicts.find(({ kind }) => kind === 'cannot tell')
  if (bad !== undefined) return bad
  if (old.some(({ text }) => text === undefined))
    return cannotTell(
      'iptables-legacy has rules, which nft does not show, and there is no program that does.',
      `${howToInstall('iptables-legacy-save', manager)}; then: iptables-legacy-save | grep -i -e 112 -e vrrp -e "^:"`,
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

function fixOf(base: Chain, by: Tool): string {
  if (base.table === OWN_TABLE) return anew(base)
  return [
    by.insert(base),
    `and in the file that the rules come from (${by.file}), or they are gone at the next boot`,
    ...(by === NFT ? [`${printing(base)} prints all that this node needs`] : []),
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

function judgeChain(
  { base, family, by, rules }: { base: Chain; family: Family; by: Tool; rules: readonly Rule[] },
  peers: readonly Peer[],
): Verdict {
  const where = `chain ${base.name} of table ${base.family} ${base.table} (${base.hook})`
  const reachable = rulesFrom(base, rules).filter((rule) => !isOfOtherFamily(rule, family))
  const named = reachable.filter(({ expr }) => expr.some(isVrrpMatch))
  const fix = fixOf(base, by)
  const closed = base.policy === 'drop' || reachable.some((rule) => rule.expr.every(isNoMatch) && isDrop(rule))
  const first = named.find((rule) => verdictOf(rule) !== undefined)
  if (first !== undefined && isDrop(first))
    return first.expr.every((part) => isVrrpMatch(part) || isNoMatch(part))
      ? problem(
          `A rule in ${where} drops VRRP (protocol 112): adverts are lost, and each node believes to be alone.`,
          fix,
        )
      : cannotTell(`A rule in ${where} drops some VRRP (protocol 112); whether that of the nodes is not known.`, fix)
  if (first !== undefined) {
    const its = peers.filter(({ address }) => address.includes(':') === (family === 'ip6'))
    const out = base.hook === 'input' ? its.filter((peer) => isKeptOut(peer, reachable, closed)) : []
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
