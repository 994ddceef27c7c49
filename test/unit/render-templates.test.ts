import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAsset, readEngine } from '../../src/assets.ts'
import { renderFiles } from '../../src/render/render-files.ts'
import type { RenderTarget } from '../../src/render/render-target.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'

const engine = createTemplateEngine(readEngine())

/** The text of a template, or its problem as a person reads it. */
function render(template: string, variables: Readonly<Record<string, unknown>> = {}): string {
  const result = engine.render('haproxy.cfg.j2', template, variables)
  return result.kind === 'text' ? result.text : formatProblem(result.problem)
}

test('a name that does not exist is a problem with its line and column', () => {
  assert.equal(
    render('global\n  maxconn {{ maxcon }}\n', { maxconn: 1 }),
    'haproxy.cfg.j2:2:14  the template cannot be rendered: undefined value at "maxcon"',
  )
})

test('a key that does not exist is a problem, too', () => {
  assert.equal(
    render('{% for service in services %}\n{{ service.prot }}\n{% endfor %}', { services: [{ port: 1 }] }),
    'haproxy.cfg.j2:2:4  the template cannot be rendered: undefined value at "service.prot"',
  )
})

test('a syntax error is a problem with its line', () => {
  assert.equal(
    render('global\n\n{% if release }\n'),
    'haproxy.cfg.j2:3:15  the template cannot be rendered: syntax error: unexpected `}`, expected end of block at "}"',
  )
})

test('an endless loop ends with its fuel', () => {
  assert.match(
    render('\n{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}'),
    /^haproxy\.cfg\.j2:2:\d+ {2}the template cannot be rendered: engine ran out of fuel/,
  )
})

test('a macro that calls itself is a problem', () => {
  assert.match(
    render('{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}'),
    /^haproxy\.cfg\.j2:1:\d+ {2}the template cannot be rendered: .*recursion limit/,
  )
})

test('a text without end is a problem', () => {
  assert.match(
    render('{% for n in range(99) %}{{ "0123456789abcdef" * 9999999 }}{% endfor %}'),
    /^haproxy\.cfg\.j2 {2}the template needs more memory than it may have, or nests too deeply/,
  )
})

test('the engine goes on after a template has failed', () => {
  assert.equal(render('{{ nothing }}').startsWith('haproxy.cfg.j2:1:4  '), true)
  assert.equal(render('{{ a }}', { a: 1 }), '1')
})

test('nothing is escaped as if the file were HTML', () => {
  assert.equal(render('{{ text }}', { text: `<a href="b">'&` }), `<a href="b">'&`)
})

test('a template reads no file and no other template', () => {
  assert.match(render('{% include "/etc/passwd" %}'), /^haproxy\.cfg\.j2:1:\d+ {2}the template cannot be rendered: /)
})

test('blocks leave no empty lines behind, as with Ansible', () => {
  assert.equal(render('a\n  {% if true %}\n  b\n  {% endif %}\nc\n'), 'a\n  b\nc\n')
})

test('the problems of both templates come at once', () => {
  const parsed = parseSpec(readAsset('examples/one-pair/lb.yaml'), 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error('the example has problems')
  const paths = { state: '/s', runtime: '/r', launcher: '/l' }
  const target: RenderTarget = {
    node: 'lb1',
    release: '',
    paths,
    haproxy: { user: 'haproxy', group: 'haproxy' },
    metrics: { haproxy: 'builtin' },
  }
  const rendered = renderFiles(engine, parsed.spec, target, { haproxy: '{{ one }}', keepalived: '\n{{ two }}' })
  assert.deepEqual(rendered.kind === 'problems' && rendered.problems.map(formatProblem), [
    'templates/haproxy.cfg.j2:1:4  the template cannot be rendered: undefined value at "one"',
    'templates/keepalived.conf.j2:2:4  the template cannot be rendered: undefined value at "two"',
  ])
})

test('a node that is not in lb.yaml is a problem', () => {
  const parsed = parseSpec(readAsset('examples/one-pair/lb.yaml'), 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error('the example has problems')
  const paths = { state: '/s', runtime: '/r', launcher: '/l' }
  const target: RenderTarget = {
    node: 'lb3',
    release: '',
    paths,
    haproxy: { user: 'haproxy', group: 'haproxy' },
    metrics: { haproxy: 'builtin' },
  }
  const rendered = renderFiles(engine, parsed.spec, target, { haproxy: '', keepalived: '' })
  assert.deepEqual(rendered.kind === 'problems' && rendered.problems.map(formatProblem), [
    'lb.yaml  node lb3 is not in lb.yaml; nodes there: lb1, lb2',
  ])
})
