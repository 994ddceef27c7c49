import { readAsset } from '../assets.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import { renderFiles } from '../render/render-files.ts'
import type { RenderTarget } from '../render/render-target.ts'
import type { TemplateEngine } from '../render/template-engine.ts'
import { type Proof, proveSpec } from '../rules/prove.ts'
import type { Places } from '../spec/parse-file.ts'
import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'

const KEEPALIVED_TEMPLATE = 'templates/keepalived.conf.j2'

/** A desired state with what it is rendered by. `target`: for which surroundings; its node does not count. */
export type ToProve = {
  spec: Spec
  places: Places
  templates: { haproxy: string; keepalived: string }
  target: RenderTarget
  /** Made only where templates must be rendered. */
  engine: () => TemplateEngine
}

/**
 * The proof of a desired state. lb-agent's own template says what `proofOfSpec` says of it; where the repository brings another one,
 * the keepalived.conf of every node is rendered and read.
 */
export function proveDesired(
  toProve: ToProve,
): { kind: 'proof'; proof: Proof } | { kind: 'problems'; problems: readonly Problem[] } {
  const { spec, places, templates } = toProve
  if (templates.keepalived === readAsset(KEEPALIVED_TEMPLATE)) return { kind: 'proof', proof: proveSpec(spec, places) }
  const engine = toProve.engine()
  const nodes: KeepalivedNode[] = []
  for (const { name } of spec.nodes) {
    const rendered = renderFiles(engine, spec, { ...toProve.target, node: name }, templates)
    if (rendered.kind === 'problems') return rendered
    const file = `${name}/keepalived.conf`
    const config = readKeepalivedConfig(file, rendered.files.keepalived, { configId: name, include: () => [] })
    nodes.push({ name, config, isRestarted: true })
  }
  return { kind: 'proof', proof: proveSpec(spec, places, nodes) }
}
