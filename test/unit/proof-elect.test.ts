import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ProofCluster, Router, Tracker } from '../../src/proof/model.ts'
import { cluster, router, tracker } from '../support/proof-cluster.ts'
import { after, bound, dead, down, fault, holders, killed, lost, stopped } from '../support/proof-outcomes.ts'

/** Three failures of a script that runs every 2 s: `fall 2`. */
const SCRIPT = [
  { what: '2 runs of a script, 2 s apart', ms: 4_000 },
  { what: 'its timeout', ms: 2_000 },
]
const script = (weight: number): Tracker => tracker('script', 0, { 'haproxy-dead': weight }, SCRIPT)

/** A pair as people write it by hand: VRRPv2, an advert each second, MASTER with 110 and BACKUP with 100. */
function pair(weight: number, more: Partial<Router> = {}): ProofCluster {
  const common = {
    version: 2,
    advertMs: 1_000,
    authentication: 'PASS k8slb',
    trackers: [script(weight)],
    ...more,
  } as const
  return cluster([router('a', { ...common, priority: 110, startsAsMaster: true }), router('b', common)])
}

suite('the model of VRRP', () => {
  test('a weight of -10 between 110 and 100 never moves the VIP', () => {
    assert.deepEqual(after(pair(-10), [dead('a')]), {
      holders: ['a'],
      oneOf: [],
      serving: [],
      could: ['b'],
      bound: undefined,
    })
  })

  test('a weight of -20 between 110 and 100 moves it after the script, 3 adverts and the skew of 100', () => {
    assert.deepEqual(after(pair(-20), [dead('a')]), {
      holders: ['b'],
      oneOf: [],
      serving: ['b'],
      could: ['b'],
      bound: {
        ms: 9_610,
        terms: [...SCRIPT, { what: '3 adverts of 1 s', ms: 3_000 }, { what: 'skew of 100', ms: 610 }],
      },
    })
  })

  test('the first takes the VIP back when its HAProxy is there again', () => {
    assert.equal(holders(pair(-20), [dead('a')], []), 'a')
    assert.equal(bound(pair(-20), [dead('a')], []), '3571 ms: 3 adverts of 1 s + skew of 110')
  })

  test('with nopreempt a weight never moves the VIP', () => {
    const both = { nopreempt: true, trackers: [script(-50)] }
    const nodes = cluster([router('a', { priority: 110, ...both }), router('b', both)])
    assert.equal(holders(nodes), 'a')
    assert.equal(holders(nodes, [dead('a')]), 'a')
  })

  test('with nopreempt FAULT moves the VIP, and it stays when the first has recovered', () => {
    const both = { nopreempt: true, trackers: [fault] }
    const nodes = cluster([router('a', { priority: 110, ...both }), router('b', both)])
    assert.equal(holders(nodes, [dead('a')]), 'b')
    assert.equal(bound(nodes, [dead('a')]), '66 ms: noticed + skew of 100')
    assert.equal(holders(nodes, [dead('a')], []), 'b')
  })

  test('preempt_delay holds up the move from a MASTER with a lowered priority, not from one in FAULT', () => {
    const late = { preemptDelayMs: 5_000 }
    const nodes = (trackers: Tracker[]): ProofCluster =>
      cluster([router('a', { priority: 110, trackers }), router('b', { ...late, trackers })])
    assert.equal(
      bound(nodes([tracker('file', 0, { 'haproxy-dead': -20 })]), [dead('a')]),
      '5466 ms: noticed + 1 advert of 100 ms + preempt_delay of 5 s + 3 adverts of 100 ms + skew of 100',
    )
    assert.equal(bound(nodes([fault]), [dead('a')]), '66 ms: noticed + skew of 100')
  })

  test('the owner of an address does not count weights', () => {
    const trackers = [tracker('script', 0, { 'haproxy-dead': -200 })]
    const nodes = cluster([router('a', { priority: 255, trackers }), router('b', { trackers })])
    assert.equal(holders(nodes, [dead('a')]), 'a')
  })

  test('a file with -254 means FAULT, a script with -254 a priority of 1', () => {
    const under = { 'haproxy-dead': -254 }
    const nodes = (what: 'file' | 'script'): ProofCluster =>
      cluster([router('a', { priority: 110, trackers: [tracker(what, 0, under)] }), router('b')])
    assert.equal(bound(nodes('file'), [dead('a')]), '66 ms: noticed + skew of 100')
    assert.equal(bound(nodes('script'), [dead('a')]), '366 ms: noticed + 3 adverts of 100 ms + skew of 100')
  })

  test('priorities stay between 1 and 254', () => {
    const trackers = [tracker('file', 200, { 'haproxy-dead': 0 })]
    const nodes = cluster([router('a', { priority: 150, trackers }), router('b', { priority: 100, trackers })])
    assert.equal(holders(nodes), 'one of a, b')
    assert.equal(holders(nodes, [dead('a')]), 'b')
  })

  test('a node that is lost is missed after 3 adverts, one that stops keepalived after the skew', () => {
    const nodes = cluster([
      router('a', { priority: 254 }),
      router('b', { priority: 253 }),
      router('c', { priority: 200 }),
    ])
    assert.equal(holders(nodes, [lost('a')]), 'b')
    assert.equal(bound(nodes, [lost('a')]), '302 ms: 3 adverts of 100 ms + skew of 253')
    assert.equal(bound(nodes, [stopped('a')]), '2 ms: skew of 253')
    assert.equal(bound(nodes, [lost('b')]), 'nothing moves')
    assert.equal(holders(nodes, [lost('a'), lost('b')]), 'c')
    assert.equal(bound(nodes, [lost('a'), lost('b')]), '322 ms: 3 adverts of 100 ms + skew of 200')
  })

  test('in VRRPv2 the skew is a part of a second whatever the interval', () => {
    const v2 = { version: 2, advertMs: 2_000 } as const
    const nodes = cluster([router('a', { ...v2, priority: 110 }), router('b', v2)])
    assert.equal(bound(nodes, [lost('a')]), '6610 ms: 3 adverts of 2 s + skew of 100')
  })

  test('in VRRPv3 a BACKUP waits in the interval of its MASTER', () => {
    const nodes = cluster([router('a', { priority: 110, advertMs: 1_000 }), router('b', { advertMs: 100 })])
    assert.equal(bound(nodes, [lost('a')]), '3610 ms: 3 adverts of 1 s + skew of 100')
  })

  test('down_timer_adverts counts instead of 3', () => {
    const nodes = cluster([router('a', { priority: 110 }), router('b', { downTimerAdverts: 1 })])
    assert.equal(bound(nodes, [lost('a')]), '161 ms: 1 advert of 100 ms + skew of 100')
  })

  test('equal priorities leave open who takes over, and who has begun', () => {
    const equal = cluster([router('a'), router('b')])
    assert.deepEqual(after(equal), {
      holders: [],
      oneOf: ['a', 'b'],
      serving: ['a', 'b'],
      could: ['a', 'b'],
      bound: undefined,
    })
    assert.equal(holders(equal, [lost('a')]), 'b')
    const three = cluster([router('a', { priority: 110 }), router('b'), router('c')])
    assert.equal(holders(three, [lost('a')]), 'one of b, c')
  })

  test('where one of two equals has the VIP, the other waits until it is gone', () => {
    const nodes = cluster([router('a', { priority: 110, trackers: [script(-10)] }), router('b')])
    assert.equal(holders(nodes, [dead('a')]), 'a')
    assert.equal(holders(nodes, [dead('a')], [dead('a'), lost('a')]), 'b')
  })

  test('a killed keepalived leaves its addresses behind, so that two nodes have them', () => {
    const nodes = cluster([router('a', { priority: 110 }), router('b')])
    assert.deepEqual(after(nodes, [killed('a')]), {
      holders: ['a', 'b'],
      oneOf: [],
      serving: ['a', 'b'],
      could: ['a', 'b'],
      bound: {
        ms: 361,
        terms: [
          { what: '3 adverts of 100 ms', ms: 300 },
          { what: 'skew of 100', ms: 61 },
        ],
      },
    })
    assert.equal(holders(nodes, [killed('b')]), 'a')
  })

  test('a keepalived that is started again takes its addresses off, and then the VIP back', () => {
    const restartsKeepalived = [{ what: 'started again', ms: 1_000 }]
    const nodes = cluster([router('a', { priority: 110 }), router('b')], [{ name: 'a', restartsKeepalived }])
    assert.equal(holders(nodes, [killed('a')]), 'a')
    assert.equal(bound(nodes, [killed('a')]), '1358 ms: started again + 3 adverts of 100 ms + skew of 110')
  })

  test('a link that is down says nothing, so it is missed after 3 adverts', () => {
    const nodes = cluster([router('a', { priority: 110 }), router('b')])
    assert.equal(bound(nodes, [down('a')]), '361 ms: 3 adverts of 100 ms + skew of 100')
  })

  test('without track of its own interface a node behind a dead link keeps an address that nobody reaches', () => {
    const nodes = cluster([router('a', { priority: 110, tracksInterface: false }), router('b')])
    assert.equal(holders(nodes, [down('a')]), 'b')
    assert.equal(holders(nodes, [down('a')], []), 'a')
    assert.equal(holders(nodes, [down('b')]), 'a')
  })

  test('of two faults of one node the fast one counts first', () => {
    const trackers = [fault, script(-20)]
    const nodes = cluster([router('a', { priority: 110, trackers }), router('b', { trackers })])
    assert.equal(bound(nodes, [dead('a')]), '66 ms: noticed + skew of 100')
    const slow = [script(-5), tracker('file', 0, { 'haproxy-dead': -20 })]
    const weights = cluster([router('a', { priority: 110, trackers: slow }), router('b')])
    assert.equal(bound(weights, [dead('a')]), '366 ms: noticed + 3 adverts of 100 ms + skew of 100')
  })

  test('a healthy tracker in FAULT keeps its node out', () => {
    const nodes = cluster([router('a', { priority: 110, trackers: [tracker('file', 'FAULT', {})] }), router('b')])
    assert.equal(holders(nodes), 'b')
    assert.equal(holders(nodes, [lost('b')]), 'none')
  })
})
