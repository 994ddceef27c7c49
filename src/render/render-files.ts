import type { Problem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import { haproxyView } from './haproxy-view.ts'
import { keepalivedView } from './keepalived-view.ts'
import type { RenderedFiles, RenderTarget } from './render-target.ts'
import type { TemplateEngine } from './template-engine.ts'

/**
 * The two files of one node: a pure function of the spec, the target and the templates. A template that fails, or that
 * ends without a newline (HAProxy takes such a file for truncated), gives problems with its line.
 */
export function renderFiles(
  engine: TemplateEngine,
  spec: Spec,
  target: RenderTarget,
  templates: { haproxy: string; keepalived: string },
): { kind: 'rendered'; files: RenderedFiles } | { kind: 'problems'; problems: Problem[] } {
  const haproxy = engine.render('haproxy.cfg.j2', templates.haproxy, haproxyView(spec, target))
  const keepalived = engine.render('keepalived.conf.j2', templates.keepalived, keepalivedView(spec, target))
  if (haproxy.kind === 'text' && keepalived.kind === 'text') {
    return { kind: 'rendered', files: { haproxy: withNewline(haproxy.text), keepalived: withNewline(keepalived.text) } }
  }
  return {
    kind: 'problems',
    problems: [haproxy, keepalived].flatMap((result) => (result.kind === 'problem' ? [result.problem] : [])),
  }
}

function withNewline(text: string): string {
  return `${text.trimEnd()}\n`
}
