import { digestsOf, type Release, releaseId } from '../apply/release.ts'
import { ok, type StageResult } from '../apply/stage-record.ts'
import { readAsset, readEngine } from '../assets.ts'
import { expectationOf } from '../render/expectation.ts'
import { renderFiles } from '../render/render-files.ts'
import type { RenderTarget } from '../render/render-target.ts'
import { createTemplateEngine } from '../render/template-engine.ts'
import { parseSpec } from '../spec/parse-spec.ts'
import { formatProblem, type Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import { version } from '../version.ts'

/** The files of a revision, by their paths in the repository, and the node they are read for. */
export type Revision = {
  sha: string
  files: ReadonlyMap<string, string>
  target: Omit<RenderTarget, 'release'>
}

export function parse({ files }: Revision): StageResult<Spec> {
  const parsed = parseSpec(files.get('lb.yaml') ?? '', 'lb.yaml')
  if (parsed.kind === 'problems') return problems(parsed.problems)
  const { nodes, vips, services } = parsed.spec
  return ok(parsed.spec, `${nodes.length} nodes, ${vips.length} VIPs, ${services.length} services`)
}

/** Renders twice: without a release id for the digests, then with the id that the digests give. */
export function render({ sha, files, target }: Revision, spec: Spec): StageResult<Release> {
  const { node } = target
  if (!spec.nodes.some(({ name }) => name === node)) {
    const known = spec.nodes.map(({ name }) => name).join(', ')
    return {
      kind: 'failed',
      reason: `this node, ${node}, is not in lb.yaml (nodes there: ${known}); add it, or set "node:" in agent.yaml`,
      rejects: false,
    }
  }
  const templates = {
    haproxy: files.get('templates/haproxy.cfg.j2') ?? readAsset('templates/haproxy.cfg.j2'),
    keepalived: files.get('templates/keepalived.conf.j2') ?? readAsset('templates/keepalived.conf.j2'),
  }
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

function problems(found: readonly Problem[]): StageResult<never> {
  return { kind: 'failed', reason: found.map(formatProblem).join('\n'), rejects: true }
}
