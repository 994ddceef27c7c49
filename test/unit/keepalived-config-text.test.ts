import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import {
  address,
  at,
  BASE,
  DEFAULTS,
  FILE,
  good,
  instance,
  only,
  read,
  VIP,
  without,
} from '../support/read-keepalived.ts'

const SAME_BLOCK: readonly [how: string, text: string, line: number, col: number][] = [
  ['with braces at the ends of lines', `vrrp_instance VI_1 {\n${BASE}${VIP}}\n`, 5, 1],
  ['with braces on lines of their own', `vrrp_instance VI_1\n{\n${BASE}virtual_ipaddress\n{\n10.0.0.1\n}\n}`, 7, 1],
  ['with braces that touch words', `vrrp_instance VI_1{\n${BASE}virtual_ipaddress{\n10.0.0.1}\n}\n`, 5, 1],
  [
    'in few lines',
    'vrrp_instance VI_1 { interface eth0\nvirtual_router_id 9\nvirtual_ipaddress { 10.0.0.1 } }\n',
    3,
    21,
  ],
  ['with Windows line ends', `vrrp_instance VI_1 {\n${BASE}${VIP}}\n`.replaceAll('\n', '\r\n'), 5, 1],
  ['with comments everywhere', `vrrp_instance VI_1 {#{\n${BASE}virtual_ipaddress {!}\n10.0.0.1#/24\n}# }\n}\n`, 5, 1],
  ['with quoted words', `vrrp_instance "VI_1" {\n${BASE}virtual_ipaddress {\n"10.0.0.1"\n}\n}\n`, 5, 1],
  [
    'with blocks that nobody reads',
    `virtual_server 10.0.0.1 80 {\nx {\ny\n}\n}\nvrrp_instance VI_1 {\n${BASE}${VIP}}`,
    10,
    1,
  ],
]

for (const [how, text, line, col] of SAME_BLOCK)
  test(`an instance ${how} is read`, () => {
    const { at: _, ...rest } = without(only(text))
    const { at: __, ...expected } = DEFAULTS
    assert.deepEqual(rest, { ...expected, addresses: [address('10.0.0.1/32', line, col)] })
  })

test('what a file that ends in a block says before counts', () => {
  const { instances, problems } = read(`vrrp_instance VI_1 {\n${BASE}virtual_ipaddress {\n10.0.0.1`)
  assert.deepEqual(instances.map(without), [{ ...DEFAULTS, addresses: [address('10.0.0.1/32', 5, 1)] }])
  assert.deepEqual(problems, [
    {
      ...at(4, 1),
      message: 'the block of virtual_ipaddress is not closed before the end of the file; close it with }',
    },
  ])
})

test('a line that is longer than keepalived reads at once goes on as the next one', () => {
  const { problems } = read(`#${'x'.repeat(1_022)}priority\n`)
  assert.deepEqual(problems, [
    {
      ...at(1, 1_024),
      message: 'keepalived knows no "priority" outside of blocks; correct the word, or take the line away',
    },
  ])
})

test('a file with 200 instances is read in a moment', () => {
  const text = Array.from({ length: 200 }, (_, index) =>
    instance(`priority 90\nadvert_int 2\nunicast_peer {\n10.0.1.${index}\n}`, `VI_${index}`).replace(
      'virtual_router_id 9',
      `virtual_router_id ${index + 1}`,
    ),
  ).join('')
  const times = Array.from({ length: 20 }, () => {
    const startedAt = performance.now()
    assert.equal(good(text).instances.length, 200)
    return performance.now() - startedAt
  })
  // The best of many, because others use the machine as well.
  assert.ok(Math.min(...times) < 50, `${times.map(Math.round)} ms`)
})

test('a hostile file of any length does not take long', () => {
  const pieces = [
    '{',
    '}',
    '"',
    '\\\n',
    `$A=\${A}\${A}\n`,
    `\${A}`,
    `$A=x\n\${A}`,
    'vrrp_instance a {',
    ' ',
    '@a ',
    'a{',
  ]
  for (const piece of [...pieces, '10.0.0.1 ', 'include x\n', 'vrrp_sync_group g {\ngroup {\n']) {
    const startedAt = performance.now()
    const text = piece.repeat(200_000 / piece.length)
    readKeepalivedConfig(FILE, text, { configId: 'lb1', include: () => [{ name: 'x', text }] })
    const took = performance.now() - startedAt
    assert.ok(took < 3_000, `${JSON.stringify(piece)}: ${took} ms`)
  }
})
