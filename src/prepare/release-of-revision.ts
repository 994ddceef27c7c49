import { digestsOf, type Release, releaseId } from '../apply/release.ts'
import { ok, type StageResult } from '../apply/stage-record.ts'
import { readAsset, readEngine } from '../assets.ts'
import { expectationOf } from '../render/expectation.ts'
import { renderFiles } from '../render/render-files.ts'
import type { RenderTarget } from '../render/render-target.ts'
import { createTemplateEngine } from '../render/template-engine.ts'
import { formatPlace, type RuleFinding } from '../rules/finding.ts'
import { errorsOf, type Proof, whatIsProven } from '../rules/prove.ts'
import type { Places } from '../spec/parse-file.ts'
import { parseSpec } from '../spec/parse-spec.ts'
import { formatProblem, type Problem } from '../spec/problem.ts'
import type { RuleId } from '../spec/rule-ids.ts'
import type { Spec } from '../spec/spec.ts'
import { version } from '../version.ts'
import { proveDesired } from './prove-desired.ts'

/** The files of a revision, by their paths in the repository, and the node they are read for. */
export type Revision = {
  sha: string
  files: ReadonlyMap<string, string>
  target: Omit<RenderTarget, 'release'>
}

export type Parsed = { spec: Spec; places: Places }

export function parse({ files }: Revision): StageResult<Parsed> {
  const parsed = parseSpec(files.get('lb.yaml') ?? '', 'lb.yaml')
  if (parsed.kind === 'problems') return problems(parsed.problems)
  const { nodes, vips, services } = parsed.spec
  return ok(parsed, `${nodes.length} nodes, ${vips.length} VIPs, ${services.length} services`)
}

/** Of the twenty seconds that a revision may take, at nice 10; the rest is for this node's own files. */
const RENDERS_WITHIN_MS = 6_000

/**
 * A revision under which a fault leaves a VIP unserved, or with two holders, is rejected unless lb.yaml accepts that. What the proof
 * cannot know of an own template rejects nothing: who pushes it may know better.
 */
export function prove({ files, target }: Revision, { spec, places }: Parsed): StageResult<void> {
  const templates = templatesOf(files)
  const engine = () => createTemplateEngine(readEngine())
  const withinMs = RENDERS_WITHIN_MS
  const proven = proveDesired({ spec, places, templates, target: { ...target, release: '' }, withinMs, engine })
  if (proven.kind === 'problems') return problems(proven.problems)
  if (proven.kind === 'too large') return ok(undefined, `not proven: ${proven.reason}`)
  if (proven.doubt !== undefined) return ok(undefined, `not proven: ${proven.doubt}`)
  const unread = unreadOf(proven.proof)
  const errors = errorsOf(proven.proof).filter(({ rule }) => unread === undefined || !DEPENDS_ON_ALL.has(rule))
  if (errors.length > 0) {
    const told = errors.map(({ rule, message, fix, places: at }) => `${placesText(at)}  ${rule}: ${message}; ${fix}`)
    return { kind: 'failed', reason: [...told, HOW_TO_ACCEPT].join('\n'), rejects: true }
  }
  if (unread === undefined) return ok(undefined, whatIsProven(proven.proof))
  return ok(undefined, `not proven: ${placesText(unread.places)} ${unread.message}`)
}

/** What is not understood of an own template: perhaps a newer keepalived's word, whose own check decides later; or a check script. */
function unreadOf({ findings }: Proof): RuleFinding | undefined {
  return findings.find(
    ({ rule, severity }) => (rule === 'KEEPALIVED' && severity === 'error') || rule === 'SCRIPT-UNREAD',
  )
}

/** That nothing else notices a fault, or that nobody hears a node, can be said only of what was read to its end. */
const DEPENDS_ON_ALL: ReadonlySet<RuleId> = new Set(['KEEPALIVED', 'TAKEOVER', 'TWO-HOLDERS', 'TEMPLATE'])

/** Two places in a line are one for a reader. */
function placesText(places: RuleFinding['places']): string {
  return [...new Set(places.map(formatPlace))].join(', ')
}

const HOW_TO_ACCEPT =
  'lb-agent prove shows the takeover table; what is meant so is accepted in lb.yaml (accept: { RULE: reason })'

/** Renders twice: without a release id for the digests, then with the id that the digests give. */
export function render({ sha, files, target }: Revision, { spec }: Parsed): StageResult<Release> {
  const { node } = target
  if (!spec.nodes.some(({ name }) => name === node)) {
    const known = spec.nodes.map(({ name }) => name).join(', ')
    return {
      kind: 'failed',
      reason: `this node, ${node}, is not in lb.yaml (nodes there: ${known}); add it, or set "node:" in agent.yaml`,
      rejects: false,
    }
  }
  const templates = templatesOf(files)
  const engine = createTemplateEngine(readEngine())
  const renderAs = (release: string) => renderFiles(engine, spec, { ...target, release }, templates)
  const anonymous = renderAs('')
  if (anonymous.kind === 'problems') return problems(anonymous.problems)
  const digests = digestsOf(anonymous.files)
  const id = releaseId(sha, digests)
  const named = renderAs(id)
  if (named.kind === 'problems') return problems(named.problems)
  const release: Release = {
    id,
    revision: sha,
    digests,
    files: named.files,
    expectation: expectationOf(spec, target),
    renderedBy: version(),
    node,
    foreign: false,
  }
  return ok(release, `release ${id}`)
}

function templatesOf(files: Revision['files']): { haproxy: string; keepalived: string } {
  return {
    haproxy: files.get('templates/haproxy.cfg.j2') ?? readAsset('templates/haproxy.cfg.j2'),
    keepalived: files.get('templates/keepalived.conf.j2') ?? readAsset('templates/keepalived.conf.j2'),
  }
}

function problems(found: readonly Problem[]): StageResult<never> {
  return { kind: 'failed', reason: found.map(formatProblem).join('\n'), rejects: true }
}
