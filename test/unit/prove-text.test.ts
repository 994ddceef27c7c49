import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProofCluster } from '../../src/proof/model.ts'
import { takeoverTable } from '../../src/proof/table.ts'
import { type TakeoverText, takeoverTexts } from '../../src/proof/takeover-text.ts'
import { cluster, router, tracker } from '../support/proof-cluster.ts'

const DEAD = tracker('script', 0, { 'haproxy-dead': 'FAULT' })

function textsOf(of: ProofCluster): TakeoverText[] {
  return takeoverTexts(takeoverTable(of))
}

/** What stands in the row of a fault. */
function cells(of: ProofCluster, fault: string): string[] | undefined {
  return textsOf(of)[0]?.rows.find(([name]) => name === fault)
}

describe('the takeover text', () => {
  test('is a table of every fault on every node, with the worst cases below', () => {
    const pair = cluster([
      router('a', { priority: 110, trackers: [DEAD] }),
      router('b', { priority: 100, trackers: [DEAD] }),
    ])
    assert.deepEqual(textsOf(pair), [
      {
        title: '10.0.0.100: a holds it',
        rows: [
          ['on', 'a', 'b'],
          ['HAProxy dead', 'b ≤ 66 ms', 'stays'],
          ['HAProxy hung', 'STAYS, NOT SERVED', 'stays'],
          ['keepalived stopped', 'b ≤ 61 ms', 'stays'],
          ['keepalived killed', 'TWO: a, b', 'stays'],
          ['node lost', 'b ≤ 361 ms', 'stays'],
          ['servers out of reach', 'STAYS, NOT SERVED', 'stays'],
          ['link down', 'b ≤ 361 ms', 'stays'],
          ['lost: a + b', 'nobody is left', ''],
        ],
        bounds: [
          'HAProxy dead: 66 ms = noticed (5 ms) + skew of 100 (61 ms)',
          'keepalived stopped: skew of 100 (61 ms)',
          'keepalived killed, node lost, link down: 361 ms = 3 adverts of 100 ms (300 ms) + skew of 100 (61 ms)',
        ],
      },
    ])
  })

  test('names addresses with the same fate in one table, and nodes with the same fate in one column', () => {
    const three = cluster([
      router('a', { priority: 110, addresses: ['10.0.0.100', '10.0.0.101'] }),
      router('b', { priority: 105, addresses: ['10.0.0.100', '10.0.0.101'] }),
      router('c', { priority: 100, addresses: ['10.0.0.100', '10.0.0.101'] }),
    ])
    assert.deepEqual(
      textsOf(three).map(({ title, rows }) => [title, rows[0], ...rows.filter(([name]) => name?.startsWith('lost'))]),
      [
        [
          '10.0.0.100, 10.0.0.101: a holds it',
          ['on', 'a', 'b, c'],
          ['lost: a + b', 'c ≤ 361 ms', ''],
          ['lost: a + c', 'b ≤ 359 ms', ''],
        ],
      ],
    )
  })

  test('names a VIP of lb.yaml with its address', () => {
    const pair = cluster([router('a', { priority: 110 }), router('b')])
    const named = { ...pair, vips: pair.vips.map((vip) => ({ ...vip, name: 'api' })) }
    assert.deepEqual(
      textsOf(named).map(({ title }) => title),
      ['api (10.0.0.100): a holds it'],
    )
  })

  test('says of equals that one of them has it, and that it may not be served', () => {
    const pair = cluster([router('a', { trackers: [DEAD] }), router('b', { trackers: [DEAD] })])
    assert.equal(textsOf(pair)[0]?.title, '10.0.0.100: a or b holds it, whoever starts first')
    assert.deepEqual(cells(pair, 'HAProxy hung'), [
      'HAProxy hung',
      'a or b, perhaps NOT SERVED',
      'a or b, perhaps NOT SERVED',
    ])
    assert.deepEqual(cells(pair, 'HAProxy dead'), ['HAProxy dead', 'b ≤ 66 ms', 'a ≤ 66 ms'])
  })

  test('says that two hold it while all is well, and names no time where one of them goes', () => {
    const deaf = cluster([router('a', { advertised: ['10.0.0.1'] }), router('b', { advertised: ['10.0.0.2'] })])
    assert.equal(textsOf(deaf)[0]?.title, '10.0.0.100: TWO hold it: a, b')
    assert.deepEqual(cells(deaf, 'node lost'), ['node lost', 'b', 'a'])
    assert.deepEqual(textsOf(deaf)[0]?.bounds, [])
  })

  test('says who has it until a killed keepalived is started again and the VIP comes back', () => {
    const restarts = { restartsKeepalived: [{ what: 'keepalived is started again', ms: 1_000 }] }
    const nodes = ['a', 'b'].map((name) => ({ name, ...restarts }))
    const pair = cluster([router('a', { priority: 110 }), router('b', { priority: 100 })], nodes)
    assert.deepEqual(cells(pair, 'keepalived killed'), ['keepalived killed', 'b ≤ 361 ms, then back', 'stays'])
    assert.deepEqual(
      textsOf(pair)[0]?.bounds.filter((bound) => bound.startsWith('keepalived killed')),
      [
        'keepalived killed: 361 ms as for a lost node, and the old one answers until keepalived is started again; back after 1358 ms = keepalived is started again (1000 ms) + 3 adverts of 100 ms (300 ms) + skew of 110 (58 ms)',
      ],
    )
  })

  test('says how many hold it where it is more than two', () => {
    const deaf = cluster(['a', 'b', 'c'].map((name, index) => router(name, { advertised: [`10.0.0.${index}`] })))
    assert.equal(textsOf(deaf)[0]?.title, '10.0.0.100: 3 NODES hold it: a, b, c')
  })

  test('says that nobody holds it', () => {
    const out = tracker('script', 'FAULT', {})
    const none = cluster([router('a', { trackers: [out] }), router('b', { trackers: [out] })])
    assert.equal(textsOf(none)[0]?.title, '10.0.0.100: NOBODY holds it')
    assert.deepEqual(cells(none, 'HAProxy dead'), ['HAProxy dead', 'NONE'])
  })
})
