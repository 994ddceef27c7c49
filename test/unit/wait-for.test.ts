import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView } from '../../src/cluster.ts'
import type { Status } from '../../src/status.ts'
import { parseConditions, whyNot } from '../../src/wait-for.ts'

type Facts = { held: boolean; holders: Record<string, readonly string[]>; up: number | null; well: boolean }

function seen({ held, holders, up, well }: Facts): [Status, ClusterView] {
  const own = {
    vips: [{ name: 'api', address: '10.0.0.1', held }],
    services: [{ name: 'web', vip: 'api', up, total: 3 }],
  }
  const cluster: ClusterView = {
    format: 1,
    atMs: 0,
    nodes: [],
    holders,
    headline: { well, text: well ? 'all is well' : 'lb2: drift', advice: null },
  }
  // Only what the conditions read.
  return [own as unknown as Status, cluster]
}

const GOOD: Facts = { held: true, holders: { api: ['lb1'] }, up: 2, well: true }

const CASES: readonly [condition: string, facts: Partial<Facts>, why: string | undefined][] = [
  ['vip api served', {}, undefined],
  ['vip api served', { holders: { api: [] } }, 'VIP api is on no node'],
  ['vip api served', { holders: { api: ['lb1', 'lb2'] } }, 'VIP api is on lb1 and lb2'],
  ['vip web served', {}, 'there is no VIP web'],
  ['vip api here', {}, undefined],
  ['vip api here', { held: false }, 'VIP api is not on this node'],
  ['vip web here', {}, 'this node has no VIP web'],
  ['servers >= 2', {}, undefined],
  ['servers >=3', {}, 'web has 2 of 3 servers up'],
  ['service web  servers >= 2', {}, undefined],
  ['service api servers >= 1', {}, 'there is no service api'],
  ['servers >= 1', { up: null }, 'the servers of web are not known'],
  ['well', {}, undefined],
  ['well', { well: false }, 'lb2: drift'],
]

for (const [text, facts, why] of CASES) {
  test(`${text}: ${why ?? 'holds'}`, () => {
    const parsed = parseConditions(text)
    assert.ok('conditions' in parsed)
    const [condition] = parsed.conditions
    assert.ok(condition !== undefined)
    assert.equal(whyNot(condition, ...seen({ ...GOOD, ...facts })), why)
  })
}

test('conditions are separated by commas, and a mistake is named with what there is', () => {
  const parsed = parseConditions('vip api served, servers >= 2,well')
  assert.ok('conditions' in parsed)
  assert.deepEqual(
    parsed.conditions.map(({ kind }) => kind),
    ['vip', 'servers', 'well'],
  )
  for (const text of ['', 'vip api', 'servers > 2', 'well,', 'servers >= x', 'vip api served here']) {
    const wrong = parseConditions(text)
    assert.ok('mistake' in wrong, text)
    assert.match(wrong.mistake, /is no condition; there are: well, vip NAME served/)
  }
})
