import type { HaproxyConfig } from '../haproxy-config/config.ts'
import type { ProofCluster } from '../proof/model.ts'
import { type KeepalivedNode, proofOfKeepalived } from '../proof/of-keepalived.ts'
import { proofOfSpec } from '../proof/of-spec.ts'
import type { VipTable } from '../proof/outcome.ts'
import { takeoverTable } from '../proof/table.ts'
import type { Places } from '../spec/parse-file.ts'
import type { RuleId } from '../spec/rule-ids.ts'
import type { Spec } from '../spec/spec.ts'
import { addressRules } from './addresses.ts'
import { checkRules } from './checks.ts'
import { type Evidence, electionsOf, finding } from './evidence.ts'
import { fileRules } from './files.ts'
import { isSamePlace, type RuleFinding, type Severity } from './finding.ts'
import { haproxyRules } from './haproxy.ts'
import { instanceRules } from './instances.ts'
import type { OwnFiles } from './own-files.ts'
import { ownTemplateRules } from './own-templates.ts'
import { poolRules } from './pools.ts'
import { peerRules, priorityRules } from './priorities.ts'
import { scriptRules } from './scripts.ts'
import { serviceRules } from './services.ts'
import { spreadRules } from './spread.ts'
import { takeoverRules } from './takeover.ts'

/** Who takes over under every fault, and what is to be said of it; findings come with the gravest first. */
export type Proof = { cluster: ProofCluster; table: readonly VipTable[]; findings: readonly RuleFinding[] }

/** A rule's look at the evidence. */
const RULE_FAMILIES: readonly ((evidence: Evidence) => RuleFinding[])[] = [
  fileRules,
  instanceRules,
  peerRules,
  priorityRules,
  takeoverRules,
  spreadRules,
  scriptRules,
  checkRules,
  addressRules,
  serviceRules,
  poolRules,
  haproxyRules,
  ownTemplateRules,
]

/**
 * The proof of an lb.yaml. `rendered`: the keepalived.conf of every node where the repository has a template of its own; otherwise
 * the files are lb-agent's, and what they say is known. `own`: both files, as far as they come from such templates.
 */
export function proveSpec(
  spec: Spec,
  places: Places,
  rendered: readonly KeepalivedNode[] = [],
  own: readonly OwnFiles[] = [],
): Proof {
  const known = proofOfSpec(spec, places)
  const cluster = rendered.length === 0 ? known : withPreferences(proofOfKeepalived(rendered), known)
  return proofOf({ cluster, spec: { spec, places }, nodes: rendered, haproxy: [], own }, spec.accept)
}

/** The proof of hand-written files. `haproxy`: one haproxy.cfg for all nodes, or one of each in their order, unless they have it. */
export function proveFiles(nodes: readonly KeepalivedNode[], haproxy: readonly HaproxyConfig[] = []): Proof {
  const [only] = haproxy.length === 1 ? haproxy : []
  const all = nodes.map((node, at) => {
    const own = node.haproxy ?? only ?? (haproxy.length === nodes.length ? haproxy[at] : undefined)
    return own === undefined ? node : { ...node, haproxy: own }
  })
  return proofOf({ cluster: proofOfKeepalived(all), spec: undefined, nodes: all, haproxy, own: [] }, [])
}

/** Findings that say no: neither accepted nor less than an error. */
export function errorsOf({ findings }: Pick<Proof, 'findings'>): RuleFinding[] {
  return findings.filter(({ severity, accepted }) => severity === 'error' && accepted === undefined)
}

/** `every fault on 3 nodes leaves each VIP where it can be served; 1 warning (VIP-SUBNET)`. */
export function whatIsProven({ cluster, findings }: Proof): string {
  const said = `every fault on ${cluster.nodes.length} node${cluster.nodes.length === 1 ? '' : 's'} leaves each VIP where it can be served`
  const named = (severity: Severity): string[] => [
    ...new Set(
      findings.filter((found) => found.severity === severity && found.accepted === undefined).map(({ rule }) => rule),
    ),
  ]
  const accepted = [...new Set(findings.filter((found) => found.accepted !== undefined).map(({ rule }) => rule))]
  const told = [
    ...(named('warning').length === 0 ? [] : [`warnings: ${named('warning').join(', ')}`]),
    ...(accepted.length === 0 ? [] : [`accepted: ${accepted.join(', ')}`]),
  ]
  return [accepted.length === 0 ? said : 'proven but for what lb.yaml accepts', ...told].join('; ')
}

function proofOf(evidence: Omit<Evidence, 'table' | 'elections'>, accept: Spec['accept']): Proof {
  const table = takeoverTable(evidence.cluster)
  const whole = { ...evidence, table, elections: electionsOf(evidence.cluster.routers) }
  const reasons = new Map<RuleId, string>(accept.map(({ rule, reason }) => [rule, reason]))
  const found = RULE_FAMILIES.flatMap((rules) => rules(whole))
  const findings = [...found, ...unusedAccepts(whole, accept, found)].map((one) => ({
    ...one,
    accepted: reasons.get(one.rule),
  }))
  return { cluster: evidence.cluster, table, findings: once(withoutEchoes(findings)).sort((a, b) => rank(a) - rank(b)) }
}

function unusedAccepts({ spec }: Evidence, accept: Spec['accept'], found: readonly RuleFinding[]): RuleFinding[] {
  if (spec === undefined) return []
  const unused = accept.filter(({ rule }) => rule !== 'ACCEPT-UNUSED' && !found.some((one) => one.rule === rule))
  return unused.map(({ rule }) =>
    finding(
      'ACCEPT-UNUSED',
      'note',
      [spec.places(['accept', rule])],
      `${rule} is accepted, and finds nothing here: the accept would hide what it finds later`,
      'take it away',
    ),
  )
}

/** The VIPs of lb.yaml, and who should hold them; what else a template announces is its author's affair. */
function withPreferences(cluster: ProofCluster, { vips, nodes }: ProofCluster): ProofCluster {
  return { ...cluster, nodes, vips }
}

/** What nopreempt does in general is not told beside what it does to an address. */
function withoutEchoes(findings: readonly RuleFinding[]): readonly RuleFinding[] {
  const isConcrete = ({ rule, severity }: RuleFinding): boolean => rule === 'NOPREEMPT' && severity === 'error'
  if (!findings.some(isConcrete)) return findings
  return findings.filter((found) => found.rule !== 'NOPREEMPT' || isConcrete(found))
}

/** What is the same for several nodes or instances is one finding with all of their places. */
function once(findings: readonly RuleFinding[]): RuleFinding[] {
  const seen = new Map<string, RuleFinding>()
  for (const found of findings) {
    const key = JSON.stringify([found.rule, found.severity, found.message, found.fix])
    const known = seen.get(key)
    const places = known?.places ?? []
    const others = found.places.filter((place) => !places.some((other) => isSamePlace(place, other)))
    seen.set(key, { ...found, places: [...places, ...others] })
  }
  return [...seen.values()]
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note']

function rank({ severity, accepted }: RuleFinding): number {
  return accepted === undefined ? ORDER.indexOf(severity) : ORDER.length
}
