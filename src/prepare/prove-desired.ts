import { readAsset } from '../assets.ts'
import { readHaproxyConfig } from '../haproxy-config/read-haproxy-config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import { expectationOf } from '../render/expectation.ts'
import { renderFiles } from '../render/render-files.ts'
import { type RenderTarget, RUNTIME, statsSocketOf } from '../render/render-target.ts'
import type { TemplateEngine } from '../render/template-engine.ts'
import type { OwnFiles } from '../rules/own-files.ts'
import { type Proof, proveSpec } from '../rules/prove.ts'
import type { Places } from '../spec/parse-file.ts'
import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import { besideSpec, type Given, inTemplates } from './template-places.ts'

const TEMPLATES = { haproxy: 'templates/haproxy.cfg.j2', keepalived: 'templates/keepalived.conf.j2' } as const
/** Of the form of one, so that it can be looked for in what comes out. */
const ANY_RELEASE = '000000000000-00000000'

/** A desired state with what it is rendered by. `target`: for which surroundings; its node and release do not count. */
export type ToProve = {
  spec: Spec
  places: Places
  templates: { haproxy: string; keepalived: string }
  target: RenderTarget
  /** For the rendering of all nodes; undefined: as long as it takes. */
  withinMs?: number
  /** Made only where templates must be rendered. */
  engine: () => TemplateEngine
}

/** `doubt`: why the proof may know less than the nodes: what is rendered includes files that are there alone. */
export type Proven =
  | { kind: 'proof'; proof: Proof; doubt: string | undefined }
  | { kind: 'too large'; reason: string }
  | { kind: 'problems'; problems: readonly Problem[] }

/**
 * The proof of a desired state. lb-agent's own templates say what `proofOfSpec` says of them; where the repository brings others, the
 * files of every node are rendered and read: who takes over by them, and whether they have what the agent looks for.
 */
export function proveDesired(toProve: ToProve): Proven {
  const { spec, places, templates } = toProve
  const isOwn = {
    haproxy: templates.haproxy !== readAsset(TEMPLATES.haproxy),
    keepalived: templates.keepalived !== readAsset(TEMPLATES.keepalived),
  }
  if (!isOwn.haproxy && !isOwn.keepalived) return { kind: 'proof', proof: proveSpec(spec, places), doubt: undefined }
  const engine = toProve.engine()
  const lbYaml = places([]).file
  const own: OwnFiles[] = []
  const given = new Map<string, Given>()
  const included = new Set<string>()
  const startedAt = performance.now()
  for (const { name: node } of spec.nodes) {
    if (toProve.withinMs !== undefined && performance.now() - startedAt > toProve.withinMs)
      return {
        kind: 'too large',
        reason: `own templates for ${spec.nodes.length} nodes take more than ${toProve.withinMs / 1000} s to render here; lb-agent prove takes its time`,
      }
    const target = { ...toProve.target, node, release: ANY_RELEASE }
    const rendered = renderFiles(engine, spec, target, templates)
    if (rendered.kind === 'problems') return { kind: 'problems', problems: besideSpec(lbYaml, rendered.problems) }
    const { files } = rendered
    const names = { haproxy: `${node}/haproxy.cfg`, keepalived: `${node}/keepalived.conf` }
    for (const daemon of ['haproxy', 'keepalived'] as const) {
      const template = { name: `${directoryOf(lbYaml)}${TEMPLATES[daemon]}`, text: templates[daemon] }
      given.set(names[daemon], { file: names[daemon], node, text: files[daemon], template })
    }
    const include = (pattern: string): [] => {
      included.add(pattern)
      return []
    }
    const options = { configId: node, include }
    own.push({
      ...{ node, expected: expectationOf(spec, target), release: ANY_RELEASE },
      ...{ fifo: `${target.paths.runtime}/${RUNTIME.fifo}`, statsSocket: statsSocketOf(target) },
      keepalived: isOwn.keepalived ? readKeepalivedConfig(names.keepalived, files.keepalived, options) : undefined,
      haproxy: isOwn.haproxy ? readHaproxyConfig(names.haproxy, files.haproxy) : undefined,
    })
  }
  const nodes = own.flatMap(({ node: name, keepalived: config }) =>
    config === undefined ? [] : [{ name, config, isRestarted: true }],
  )
  const proof = proveSpec(spec, places, nodes, own)
  const doubt =
    included.size === 0 ? undefined : `the template includes ${[...included].join(', ')}, which is on the nodes alone`
  const findings = proof.findings.map((found) => inTemplates(found, given))
  return { kind: 'proof', proof: { ...proof, findings }, doubt }
}

function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1)
}
