import { readEngine } from '../assets.ts'
import { besideSpec } from '../prepare/template-places.ts'
import { renderFiles } from '../render/render-files.ts'
import type { RenderedFiles, RenderTarget } from '../render/render-target.ts'
import { createTemplateEngine, type TemplateEngine } from '../render/template-engine.ts'
import type { Problem } from '../spec/problem.ts'
import type { Desired } from './read-desired.ts'

export type NodeRenderer = (
  target: RenderTarget,
) => { kind: 'rendered'; files: RenderedFiles } | { kind: 'problems'; problems: readonly Problem[] }

/** Where a packaged agent keeps its things: what `render` and `plan` show unless agent.yaml says otherwise. */
export const PACKAGED_PATHS: RenderTarget['paths'] = {
  state: '/var/lib/lb-agent',
  runtime: '/run/lb-agent',
  launcher: '/usr/bin/lb-agent',
}

/** Renders nodes of one desired state. */
export function createNodeRenderer(desired: Extract<Desired, { kind: 'desired' }>): NodeRenderer {
  const engine: TemplateEngine = createTemplateEngine(readEngine())
  return (target) => {
    const rendered = renderFiles(engine, desired.spec, target, desired.templates)
    if (rendered.kind === 'rendered') return rendered
    return { kind: 'problems', problems: besideSpec(desired.file, rendered.problems) }
  }
}

/** A target with the defaults of a packaged node. */
export function packagedTarget(node: string, release: string): RenderTarget {
  return {
    node,
    release,
    paths: PACKAGED_PATHS,
    haproxy: { user: 'haproxy', group: 'haproxy' },
    metrics: { haproxy: 'builtin' },
  }
}

/** `node x is not in lb.yaml; nodes there: a, b` unless it is there. */
export function whyNoNode(desired: Extract<Desired, { kind: 'desired' }>, node: string): string | undefined {
  const names = desired.spec.nodes.map(({ name }) => name)
  return names.includes(node) ? undefined : `node ${node} is not in ${desired.file}; nodes there: ${names.join(', ')}`
}
