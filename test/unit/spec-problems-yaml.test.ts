import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'

const BASE = `version: 1
cluster: home
nodes:
  lb1: { address: 10.0.0.11, interface: eth0 }
  lb2: { address: 10.0.0.12, interface: eth0 }
vips:
  api:
    address: 10.0.0.10
    prefer: [lb1, lb2]
    virtualRouterId: 61
pools: {}
`

/** Each row: what is observed, an edit of BASE, and all that is reported. */
const rows: [name: string, from: string, to: string, ...problems: string[]][] = [
  [
    'a key that is indented deeper than the one before, after a list',
    '    virtualRouterId',
    '      virtualRouterId',
    'lb.yaml:10:7  line 10 is indented deeper than line 9; the keys of one mapping begin in the same column',
  ],
  [
    'a key that is indented deeper than the one before, after a value and a comment',
    '    prefer',
    '    # best first\n\n      prefer',
    'lb.yaml:11:7  line 11 is indented deeper than line 8; the keys of one mapping begin in the same column',
  ],
  [
    'a first key that is indented deeper than all others, once',
    '    address',
    '      address',
    'lb.yaml:9:5  line 9 is indented less deep than line 8; the keys of one mapping begin in the same column',
  ],
  [
    'a key that is indented less deep, once',
    '    prefer',
    '   prefer',
    'lb.yaml:9:4  line 9 is indented less deep than line 8; the keys of one mapping begin in the same column',
  ],
  [
    'a blank that is missing after the colon of the last key',
    'virtualRouterId: 61',
    'virtualRouterId:61',
    'lb.yaml:10:21  a blank is missing after the ":" of virtualRouterId',
  ],
  [
    'a blank that is missing after the colon of another key',
    'cluster: home',
    'cluster:home',
    'lb.yaml:2:9  a blank is missing after the ":" of cluster',
  ],
  [
    'a blank that is missing after the hyphen of a list',
    '[lb1, lb2]',
    '\n      - lb1\n    -lb2',
    'lb.yaml:11:6  a blank is missing after the "-"',
  ],
  ['a missing colon', 'pools: {}', 'pools', 'lb.yaml:11:1  pools stands here alone; a ":" is missing after it'],
  [
    'a colon in a value',
    'cluster: home',
    'cluster: home: away',
    'lb.yaml:2:10  this value has a ":" with a blank after it, as if it were a key; put the value into quotes',
  ],
  [
    'a conflict that git has left, once',
    '    virtualRouterId: 61\n',
    '<<<<<<< HEAD\n    virtualRouterId: 61\n=======\n    virtualRouterId: 62\n>>>>>>> other\n',
    "lb.yaml:10:1  a conflict of a git merge stands here, down to line 14: keep what is to count, and remove git's marker lines",
  ],
  [
    'a tab as indentation, once',
    '    prefer',
    '\tprefer',
    'lb.yaml:9:1  a tab stands where YAML takes blanks alone: indent by blanks',
  ],
  [
    'tabs in several lines, at the first',
    '    prefer: [lb1, lb2]\n    ',
    '\tprefer: [lb1, lb2]\n\t',
    'lb.yaml:9:1  a tab stands where YAML takes blanks alone: indent by blanks; this is the first of 2 such lines',
  ],
  [
    'a brace too many, and not all that comes after it',
    'eth0 }\nvips',
    'eth0 }}\nvips',
    'lb.yaml:5:47  this is not YAML: Unexpected flow-map-end token in YAML stream: "}"',
  ],
]

for (const [name, from, to, ...problems] of rows)
  test(`names ${name}`, () => {
    assert.ok(BASE.includes(from), `the base file has ${from}`)
    assert.deepEqual(problemsOf(BASE.replace(from, to)), problems)
  })

test('names two slips that have nothing to do with each other', () => {
  assert.deepEqual(problemsOf(BASE.replace('cluster: ', 'cluster:').replace('virtualRouterId: ', 'virtualRouterId:')), [
    'lb.yaml:2:9  a blank is missing after the ":" of cluster',
    'lb.yaml:10:21  a blank is missing after the ":" of virtualRouterId',
  ])
})

test('finds what git has left in lines that end as Windows ends them', () => {
  const text = `<<<<<<< HEAD\n${BASE}=======\nversion: 1\n>>>>>>> other\n`.replaceAll('\n', '\r\n')
  assert.deepEqual(problemsOf(text), [
    "lb.yaml:1:1  a conflict of a git merge stands here, down to line 15: keep what is to count, and remove git's marker lines",
  ])
})

test('reads the file that these tests edit', () => assert.deepEqual(problemsOf(BASE), []))

function problemsOf(text: string): string[] {
  const parsed = parseSpec(text, 'lb.yaml')
  return parsed.kind === 'spec' ? [] : parsed.problems.map(formatProblem)
}
