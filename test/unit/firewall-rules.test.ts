import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Spec } from '../../src/spec/spec.ts'
import { example, print } from '../support/printed-firewall.ts'

function specOf(text: string): Spec {
  const parsed = parseSpec(`version: 1\ncluster: c\n${text}`, 'lb.yaml')
  assert.ok(parsed.kind === 'spec', JSON.stringify(parsed))
  return parsed.spec
}

/** Without blanks, comments and what stands around them. */
function rulesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => / (?:accept|drop)(?: |$)/.test(line) && !line.startsWith('#'))
}

const NODES = 'nodes:\n  a: { address: 10.0.0.1, interface: eth0 }\n  b: { address: 10.0.0.2, interface: eth1.100 }\n'
const REST =
  'pools: { p: { s: 10.0.1.1, t: { address: 10.0.1.2, port: 81 }, u: 10.0.1.3 } }\nservices: { w: { vip: v, port: 80, pool: p } }'
const OUT = 'inet filter output'

test('multicast is known by address where lb.yaml has it, and otherwise by the interface', () => {
  const multicast = (nodes: string, vips: string): string[] =>
    rulesOf(print(specOf(`${nodes}vrrp: { transport: multicast }\nvips: {${vips}}\n${REST}`), 'b', { intoOutput: OUT }))
  const four = 'v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a, b] }'
  const six = 'x: { address: fd00::9, virtualRouterId: 2, prefer: [a, b] }'
  const both = multicast(NODES, `${four}, ${six}`).filter((rule) => rule.includes('112'))
  assert.deepEqual(both, [
    'ip saddr 10.0.0.1 ip daddr 224.0.0.18 meta l4proto 112 accept',
    'iifname "eth1.100" ip6 saddr fe80::/10 ip6 daddr ff02::12 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
    'ip6 daddr ff02::12 meta l4proto 112 accept',
  ])
  const bySix = multicast(NODES.replace('10.0.0.1', '"fd00::1"'), four).filter((rule) => rule.includes('112'))
  assert.deepEqual(bySix, [
    'iifname "eth1.100" ip daddr 224.0.0.18 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
  ])
})

test('services of a VIP that the node may not hold stay closed; its own VIP has no peers, and it checks all servers', () => {
  const vips =
    'vips:\n  v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a] }\n  x: { address: 10.0.0.8, virtualRouterId: 2, prefer: [b, a] }\n'
  const spec = specOf(`${NODES}${vips}${REST}`)
  const options = { into: 'inet filter input', intoOutput: OUT }
  const servers = [
    'ip daddr { 10.0.1.1, 10.0.1.3 } tcp dport 80 accept comment "servers of w"',
    'ip daddr 10.0.1.2 tcp dport 81 accept comment "servers of w"',
  ]
  assert.deepEqual(rulesOf(print(spec, 'a', options)), [
    'ip saddr 10.0.0.2 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip daddr 10.0.0.9 tcp dport 80 accept comment "w"',
    'ip saddr 10.0.0.2 tcp dport 9853 accept comment "other nodes"',
    'ip daddr 10.0.0.2 meta l4proto 112 accept',
    'ip daddr 224.0.0.18 meta l4proto 112 accept',
    'ip daddr 10.0.0.2 tcp dport 9853 accept',
    ...servers,
  ])
  assert.deepEqual(rulesOf(print(spec, 'b', options)), [
    'ip saddr 10.0.0.1 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip saddr 10.0.0.1 tcp dport 9853 accept comment "other nodes"',
    'ip daddr 10.0.0.1 meta l4proto 112 accept',
    'ip daddr 10.0.0.1 tcp dport 9853 accept',
    ...servers,
  ])
})

test('a node that is alone hears nobody', () => {
  const spec = specOf(
    `nodes: { a: { address: 10.0.0.1, interface: eth0 } }\nvips: { v: { address: 10.0.0.9, virtualRouterId: 1, prefer: [a] } }\n${REST}`,
  )
  const text = print(spec, 'a')
  assert.match(text, /# VRRP \(IP protocol 112\) from the other nodes only: nobody, there is no other node\.\n/)
  assert.deepEqual(rulesOf(text), ['meta l4proto 112 drop', 'iif "lo" tcp dport 9853 accept', 'tcp dport 9853 drop'])
})

test('a table of family ip or ip6 is told what it sees', () => {
  const four = print(example('dual-stack'), 'lb1', { into: 'ip filter INPUT' })
  assert.match(four, /\n# Family ip sees IPv4 only: the rest is left out\.\n/)
  assert.deepEqual(rulesOf(four), [
    'ip daddr 10.17.5.10 tcp dport 80 accept comment "http"',
    'ip daddr 10.17.5.10 tcp dport 443 accept comment "https"',
  ])
  assert.deepEqual(rulesOf(print(example('dual-stack'), 'lb1', { into: 'ip6 filter input' })), [
    'ip6 saddr fd00:17:3::12 meta l4proto 112 accept',
    'meta l4proto 112 drop',
    'ip6 daddr fd00:17:5::10 tcp dport 80 accept comment "http"',
    'ip6 daddr fd00:17:5::10 tcp dport 443 accept comment "https"',
    'ip6 saddr fd00:17:3::12 tcp dport 9853 accept comment "other nodes"',
  ])
})
