import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAsset, readEngine } from '../../src/assets.ts'
import { renderFiles } from '../../src/render/render-files.ts'
import type { RenderedFiles, RenderTarget } from '../../src/render/render-target.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import type { Spec } from '../../src/spec/spec.ts'
import { lbFile } from './render-arbitrary.ts'
import { HAPROXY_WORDS, modelled, modelOfHaproxy, modelOfInstances, modelOfLatePackets } from './render-model.ts'
import { readHaproxy, readKeepalived } from './render-read.ts'

const engine = createTemplateEngine(readEngine())
const TEMPLATES = {
  haproxy: readAsset('templates/haproxy.cfg.j2'),
  keepalived: readAsset('templates/keepalived.conf.j2'),
}
/** A text in every place that can have one. */
const FULL = {
  version: 1,
  cluster: 'home',
  nodes: { lb1: { address: '10.0.0.11', interface: 'eth0' } },
  vrrp: { transport: 'unicast', advertInterval: '100ms' },
  vips: { v1: { address: '10.0.0.10/24', virtualRouterId: 61, prefer: ['lb1'], extraAddresses: ['fd00::1'] } },
  pools: { p1: { s1: '10.0.0.31', s2: { address: '10.0.0.32' } } },
  services: {
    web1: {
      vip: 'v1',
      port: 80,
      pool: 'p1',
      check: { type: 'http', path: '/readyz', host: 'www.example.org', interval: '2s' },
      timeouts: { connect: '3s', client: '2m', server: '3m', tunnel: '4h' },
    },
  },
  haproxy: { log: 'all', hardStopAfter: '1m' },
}
const PATHS = { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' }

test('says to both daemons exactly what the spec says, whatever the cluster', () => {
  fc.assert(
    fc.property(lbFile, (file) => assertFilesSayWhat(specOf(file))),
    { numRuns: 10 },
  )
})

test('renders the same bytes from the same file', () => {
  fc.assert(
    fc.property(lbFile, (file) => {
      const [first, second] = [specOf(file), specOf(file)]
      for (const { name } of first.nodes) assert.deepEqual(filesOf(first, name), filesOf(second, name))
    }),
    { numRuns: 4 },
  )
})

test('a release changes the first line of each file and the description alone', () => {
  fc.assert(
    fc.property(lbFile, (file) => {
      const spec = specOf(file)
      const node = spec.nodes[0]?.name ?? ''
      const [before, after] = [filesOf(spec, node, ''), filesOf(spec, node, '0123456789ab-01234567')]
      assert.equal(
        after.haproxy.replace(', release 0123456789ab-01234567', '').replace(' 0123456789ab-01234567', ''),
        before.haproxy,
      )
      assert.equal(after.keepalived.replace(', release 0123456789ab-01234567', ''), before.keepalived)
    }),
    { numRuns: 4 },
  )
})

for (const [before, after] of [
  ['', ' lua-load /tmp/x'],
  ['', '\n    lua-load /tmp/x'],
  ['}\n', ''],
  ['!', '#'],
  ['"', '"'],
] as const) {
  test(`adds no directive for ${JSON.stringify(`${before}…${after}`)} around any name or value that is accepted`, () => {
    const json = JSON.stringify(FULL)
    for (const text of new Set(json.match(/"[^"]+"/g))) {
      const changed = json.replaceAll(text, JSON.stringify(before + JSON.parse(text) + after))
      const parsed = parseSpec(changed, 'lb.yaml')
      if (parsed.kind === 'spec') assertFilesSayWhat(parsed.spec)
    }
  })
}

function assertFilesSayWhat(spec: Spec): void {
  for (const { name } of spec.nodes) {
    const files = filesOf(spec, name)
    const sections = readHaproxy(files.haproxy)
    assert.deepEqual(sections.map(modelled), modelOfHaproxy(spec))
    const words = sections.flatMap(({ head, directives }) => [head, ...directives].map(([first = '']) => first))
    assert.deepEqual(
      words.filter((word) => !HAPROXY_WORDS.has(word)),
      [],
    )

    const blocks = readKeepalived(files.keepalived)
    const isStatic = ({ words }: { words: readonly string[] }): boolean => words[0]?.startsWith('static_') === true
    assert.deepEqual(blocks.filter(isStatic), modelOfLatePackets(spec, name))
    const [global, gate, script, ...instances] = blocks.filter((block) => !isStatic(block))
    assert.deepEqual(
      [global, gate, script].map((block) => block?.words.join(' ')),
      ['global_defs', 'track_file gate', 'vrrp_script haproxy_serves'],
    )
    assert.deepEqual(instances, modelOfInstances(spec, name))
  }
}

function filesOf(spec: Spec, node: string, release = '0123456789ab-89abcdef'): RenderedFiles {
  const target: RenderTarget = {
    node,
    release,
    paths: PATHS,
    haproxy: { user: 'haproxy', group: 'haproxy' },
    metrics: { haproxy: 'builtin' },
  }
  const rendered = renderFiles(engine, spec, target, TEMPLATES)
  if (rendered.kind === 'problems') throw new Error(rendered.problems.map(formatProblem).join('\n'))
  return rendered.files
}

function specOf(file: unknown): Spec {
  const parsed = parseSpec(JSON.stringify(file), 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.spec
}
