import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import { haproxyView } from './haproxy-view.ts'
import { keepalivedView } from './keepalived-view.ts'
import type { RenderedFiles, RenderTarget } from './render-target.ts'
import type { TemplateEngine } from './template-engine.ts'

/**
 * The two files of one node: a pure function of the spec, the target and the templates. Each ends in one newline: HAProxy
 * takes a file without for a truncated one. Problems: a node that is not in the spec; whatever fails in a template.
 */
export function renderFiles(
  engine: TemplateEngine,
  spec: Spec,
  target: RenderTarget,
  templates: { haproxy: string; keepalived: string },
): { kind: 'rendered'; files: RenderedFiles } | { kind: 'problems'; problems: Problem[] } {
  const node = spec.nodes.find(({ name }) => name === target.node)
  if (!node) return { kind: 'problems', problems: [unknownNode(spec, target.node)] }
  const haproxy = engine.render('templates/haproxy.cfg.j2', templates.haproxy, haproxyView(spec, target))
  const keepalived = engine.render(
    'templates/keepalived.conf.j2',
    templates.keepalived,
    keepalivedView(spec, node, target),
  )
  if (haproxy.kind === 'text' && keepalived.kind === 'text') {
    return { kind: 'rendered', files: { haproxy: withNewline(haproxy.text), keepalived: withNewline(keepalived.text) } }
  }
  return {
    kind: 'problems',
    problems: [haproxy, keepalived].flatMap((result) => (result.kind === 'problem' ? [result.problem] : [])),
  }
}

function unknownNode(spec: Spec, name: string): Problem {
  const known = spec.nodes.map((node) => node.name).join(', ')
  return { file: 'lb.yaml', line: 0, col: 0, message: `node ${name} is not in lb.yaml; nodes there: ${known}` }
}

function withNewline(text: string): string {
  return `${text.trimEnd()}\n`
}
