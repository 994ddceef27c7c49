import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE, edited, problemsOf, type Row, tell } from '../support/lb-yaml-problems.ts'

const rows: readonly Row[] = [
  [
    'points at the second of two equal keys',
    '  http: {',
    '  kube: {',
    'lb.yaml:13:3  services.kube is given twice; the first is in line 12',
  ],
  [
    'refuses a key with a meaning of its own in JavaScript',
    '  http: {',
    '  __proto__: {',
    'lb.yaml:13:3  services.__proto__ is no key; "__proto__" has a meaning of its own in JavaScript',
  ],
  [
    'refuses an alias and asks for the value',
    'prefer: [lb1, lb2] }\n  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: [lb1, lb2]',
    'prefer: &all [lb1, lb2] }\n  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: *all',
    'lb.yaml:8:59  vips.web.prefer is an alias (*all); write the value itself',
  ],
  [
    'refuses a tag',
    'cluster: home',
    'cluster: !secret home',
    'lb.yaml:2:10  this tag is not known; no value needs a tag',
  ],
  [
    'refuses a second document',
    'services:',
    'services: {}\n---\nversion: 1\nservices:',
    'lb.yaml:12:1  a second document begins here; the file is one YAML document',
  ],
  [
    'reports a syntax error where it is',
    'cluster: home',
    'cluster: @home',
    'lb.yaml:2:10  this is not YAML: Plain value cannot start with reserved character @',
  ],
  [
    'keeps a password out of its messages',
    'cluster: home',
    'cluster: https://git:s3cret@git.lan/x',
    'lb.yaml:2:10  cluster is "https://...@git.lan/x"; a cluster name is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone',
  ],
]

tell(rows)

test('reads the file that these tests edit', () => assert.deepEqual(problemsOf(BASE), []))

test('reports all problems at once, those between parts too, in the order of the file', () => {
  const text = edited('virtualRouterId: 61', 'virtualRouterId: 300').replace('pool: masters }', 'pool: mastres }')
  assert.deepEqual(problemsOf(text.replace('vip: api', 'vip: apo').replace('cluster: home', 'clutser: home')), [
    'lb.yaml:1:1  cluster is missing; a cluster name is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone',
    'lb.yaml:2:1  clutser is not a key here; the keys are version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept; did you mean cluster?',
    'lb.yaml:7:47  vips.api.virtualRouterId is 300; a virtual router id is 1-255',
    'lb.yaml:12:16  services.kube.vip is "apo"; the VIPs are api, web; did you mean api?',
    'lb.yaml:13:37  services.http.pool is "mastres"; the pools are masters; did you mean masters?',
  ])
})

test('refuses an alias bomb at its first alias', () => {
  const bomb = 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n'
  assert.equal(
    problemsOf(bomb)[4],
    'lb.yaml:1:1  a is not a key here; the keys are version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept',
  )
  assert.equal(problemsOf(bomb)[6], 'lb.yaml:2:8  b[0] is an alias (*a); write the value itself')
})

test('refuses a file of 2 MB unread', () => {
  assert.deepEqual(problemsOf('a'.repeat(2_000_000)), ['lb.yaml  the file is 1954 KiB; at most 256 KiB are read'])
})

test('refuses an empty file', () => {
  assert.deepEqual(problemsOf(''), ['lb.yaml  the file is empty'])
  assert.deepEqual(problemsOf('# nothing yet\n'), ['lb.yaml  the file is empty'])
})

test('refuses a file that is not a mapping', () => {
  assert.deepEqual(problemsOf('- version: 1\n'), [
    'lb.yaml:1:1  the file is a list; the file is a mapping with the keys version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept',
  ])
})

test('refuses a file that is nested beyond reason', () => {
  assert.deepEqual(problemsOf(`${'- '.repeat(14)}x`).slice(1), [
    'lb.yaml:1:27  [0][0][0][0][0][0][0][0][0][0][0][0][0] is nested too deeply; nothing here is',
  ])
})

test('lists 200 problems and counts the rest', () => {
  const text = Array.from({ length: 300 }, (_, index) => `k${index}: 1\n`).join('')
  const problems = problemsOf(text)
  assert.equal(problems.length, 201)
  assert.equal(problems.at(-1), 'lb.yaml  104 more problems are not listed')
})
