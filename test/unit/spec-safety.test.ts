import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'

/** Every key that lb.yaml has, but for `accept`, whose reasons are plain text that no daemon reads. */
const FULL = {
  version: 1,
  cluster: 'home',
  nodes: { lb1: { address: '10.0.0.11', interface: 'eth0' }, lb2: { address: '10.0.0.12', interface: 'eth0' } },
  vrrp: { transport: 'unicast', advertInterval: '100ms' },
  vips: { api: { address: '10.0.0.10/24', virtualRouterId: 61, prefer: ['lb1', 'lb2'], extraAddresses: ['fd00::1'] } },
  pools: { masters: { m1: '10.0.0.31', m2: { address: '10.0.0.32', port: 6443, weight: 1, backup: true } } },
  services: {
    kube: {
      vip: 'api',
      port: 6443,
      pool: 'masters',
      profile: 'tcp',
      balance: 'source',
      serverPort: 6443,
      sendProxy: 'v2',
      check: {
        type: 'http',
        path: '/readyz',
        host: 'kubernetes.default',
        expect: [200],
        unauthorized: 'up',
        interval: '1s',
        rise: 2,
        fall: 2,
      },
      timeouts: { connect: '2s', client: '1m', server: '1m', tunnel: '4h' },
    },
  },
  haproxy: { maxConnections: 100, log: 'all', hardStopAfter: '1m', healthPort: 8405 },
}

const BREAK_OUTS = [
  'a\n  lua-load /tmp/e.lua',
  'a\r  lua-load /tmp/e.lua',
  'eth0\n',
  'a"b',
  "a'b",
  '/a b',
  '/$' + '{HOME}',
  '/%{+Q}o',
  '/%[env(HOME)]',
  '/a#b',
  '/a\\b',
  'a{b}',
  '\0',
  'eth0\0',
  'eth0\u2028',
  'eth0\u2029',
  'eth0\u0085',
  'eth0\u202e',
  '@a',
  '!a',
  '-x',
  '',
]

// fast-check's own unit 'binary' takes 1.4 s to set up; this one also makes halves of surrogate pairs.
const character = fc.oneof(
  fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
  fc.constantFrom(...'{}[]:,&*!#|>%@`"\'?- \n\tab1'),
)
const anyText = (maxLength: number) => fc.array(character, { maxLength }).map((characters) => characters.join(''))

const SAFE = /^[A-Za-z0-9_.:/@?&=,~+-]+$/
const SHOWN = /^[^\p{C}\p{Zl}\p{Zp}]+$/u

test('reads a file with every key', () => assert.equal(parseSpec(JSON.stringify(FULL), 'f').kind, 'spec'))

for (const payload of BREAK_OUTS) {
  test(`refuses ${JSON.stringify(payload)} in every value and every name`, () => {
    const places = leavesOf(FULL, [])
    const problems = problemsOf(JSON.stringify(FULL, (_, value) => (typeof value === 'object' ? value : payload)))
    const missed = places.filter((place) => !problems.some((problem) => problem.startsWith(`f:1:1 ${place} is `)))
    assert.deepEqual(missed, [])

    const named = {
      nodes: { [payload]: 1 },
      vips: { [payload]: 1 },
      pools: { p: { [payload]: 1 }, [payload]: 1 },
      services: { [payload]: 1 },
    }
    assert.equal(
      problemsOf(JSON.stringify(named)).filter((problem) => problem.includes(' is not a name here; ')).length,
      5,
    )
  })
}

test('puts every problem on one line of printable text', () => {
  for (const payload of BREAK_OUTS) {
    for (const text of [JSON.stringify({ [payload]: payload }), `a: *${payload}`, `{a: ${payload}`, `!${payload} x`]) {
      for (const problem of problemsOf(text)) assert.doesNotMatch(problem, /[\p{C}\p{Zl}\p{Zp}]/u)
    }
  }
})

test('answers any text with a spec or with problems', () => {
  fc.assert(
    fc.property(anyText(80), (text) => {
      assert.match(parseSpec(text, 'f').kind, /^(spec|problems)$/)
    }),
    { numRuns: 30 },
  )
})

test('accepts no edit of an example that brings in a character of another kind', () => {
  const example = readFileSync(new URL('../../examples/k3s-ha/lb.yaml', import.meta.url), 'utf8').replace(/#.*/g, '')
  const piece = fc.oneof(anyText(8), fc.constantFrom('{', '}', '*a', '&a ', ': ', '\n', '"', '---\n', '1', 'x'))
  const edit = fc.record({ at: fc.nat(example.length), cut: fc.nat(12), piece })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
      const text = edits.reduce(
        (before, { at, cut, piece }) => before.slice(0, at) + piece + before.slice(at + cut),
        example,
      )
      assertSafe(text)
    }),
    { numRuns: 20 },
  )
})

test('accepts no value with a character of another kind, whichever value it replaces', () => {
  const places = leavesOf(FULL, [])
  const value = fc.oneof(anyText(6), fc.stringMatching(/^[a-z0-9./:%$ \n-]{1,12}$/), fc.integer(), fc.constant(null))
  fc.assert(
    fc.property(fc.nat(places.length - 1), value, (index, value) => {
      let leaf = 0
      assertSafe(JSON.stringify(FULL, (_, old) => (typeof old === 'object' ? old : leaf++ === index ? value : old)))
    }),
    { numRuns: 30 },
  )
})

function assertSafe(text: string): void {
  const parsed = parseSpec(text, 'f')
  if (parsed.kind === 'problems') assert.ok(parsed.problems.length > 0)
  else
    JSON.stringify(parsed.spec, (key, value) => {
      // A reason goes into no file of a daemon: it is shown, as one line of plain text.
      if (typeof value === 'string') assert.match(value, key === 'reason' ? SHOWN : SAFE)
      return value
    })
}

/** The problems of a text, without columns: `f:1:1 vips.api is …`. */
function problemsOf(text: string): string[] {
  const parsed = parseSpec(text, 'f')
  if (parsed.kind === 'spec') return []
  return parsed.problems.map((problem) => formatProblem({ ...problem, line: 1, col: 1 }).replace('  ', ' '))
}

function leavesOf(value: unknown, path: string[]): string[] {
  if (typeof value !== 'object' || value === null) return [path.join('.').replace(/\.(\d+)/g, '[$1]')]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
}
