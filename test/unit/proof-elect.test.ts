import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Fault, ProofCluster, Router, Tracker } from '../../src/proof/model.ts'
import type { Outcome } from '../../src/proof/outcome.ts'
import { outcomesAfter } from '../../src/proof/table.ts'
import { cluster, router, tracker } from './proof-cluster.ts'

/** What becomes of the first VIP. */
function after(of: ProofCluster, ...sequence: (readonly Fault[])[]): Outcome | undefined {
  return outcomesAfter(of, sequence)[0]
}

function holders(of: ProofCluster, ...sequence: (readonly Fault[])[]): string {
  const outcome = after(of, ...sequence)
  if (outcome === undefined) return 'no VIP'
  return outcome.oneOf.length > 0 ? `one of ${outcome.oneOf.join(', ')}` : outcome.holders.join(' and ') || 'none'
}

function bound(of: ProofCluster, ...sequence: (readonly Fault[])[]): string {
  const terms = after(of, ...sequence)?.bound
  return terms === undefined ? 'nothing moves' : `${terms.ms} ms: ${terms.terms.map(({ what }) => what).join(' + ')}`
}

const dead = (node: string): Fault => ({ kind: 'haproxy-dead', node })
const lost = (node: string): Fault => ({ kind: 'node-lost', node })
const stopped = (node: string): Fault => ({ kind: 'keepalived-stopped', node })
const killed = (node: string): Fault => ({ kind: 'keepalived-killed', node })
const down = (node: string): Fault => ({ kind: 'link-down', node })

/** Three failures of a script that runs every 2 s: `fall 2`. */
const SCRIPT = [
  { what: '2 runs of a script, 2 s apart', ms: 4_000 },
  { what: 'its timeout', ms: 2_000 },
]
const script = (weight: number): Tracker => tracker('script', 0, { 'haproxy-dead': weight }, SCRIPT)
const fault: Tracker = tracker('file', 0, { 'haproxy-dead': 'FAULT' })

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

suite('who hears whom', () => {
  const two = (a: Partial<Router>, b: Partial<Router>): ProofCluster =>
    cluster([router('a', { priority: 110, ...a }), router('b', b)])
  const peers = (...addresses: string[]): Partial<Router> => ({ unicastPeers: addresses })

  test('peers that name each other have one MASTER', () => {
    assert.equal(holders(two(peers('10.0.0.2'), peers('10.0.0.1'))), 'a')
  })

  test('a MASTER that does not send to its peer makes two', () => {
    assert.equal(holders(two(peers('10.0.0.9'), peers('10.0.0.1'))), 'a and b')
  })

  test('a BACKUP that does not send to the MASTER is heard of when it should take over, and then there are two', () => {
    const trackers = [tracker('file', 0, { 'haproxy-dead': -20 })]
    const nodes = two({ ...peers('10.0.0.2'), trackers }, peers('10.0.0.9'))
    assert.equal(holders(nodes), 'a')
    assert.equal(holders(nodes, [dead('a')]), 'a and b')
  })

  test('after priority 0 a node may overtake a lower MASTER that has held it back, with nopreempt', () => {
    const nodes = cluster([
      router('a', { priority: 90, nopreempt: true, unicastPeers: ['10.0.0.2', '10.0.0.3'] }),
      router('b', { priority: 200, nopreempt: true, unicastPeers: ['10.0.0.3'], trackers: [fault] }),
      router('c', { priority: 120, nopreempt: true, unicastPeers: ['10.0.0.1', '10.0.0.2'] }),
    ])
    assert.equal(holders(nodes), 'a and b')
    assert.equal(holders(nodes, [dead('b')]), 'one of a, c')
  })

  test('check_unicast_src refuses whoever is no peer', () => {
    assert.equal(holders(two(peers('10.0.0.2'), { ...peers('10.0.0.9'), checksSource: true })), 'a and b')
    assert.equal(holders(two(peers('10.0.0.2'), peers('10.0.0.9'))), 'a')
  })

  test('unicast and multicast do not hear each other', () => {
    assert.equal(holders(two(peers('10.0.0.2'), {})), 'a and b')
  })

  test('two multicast groups do not hear each other', () => {
    assert.equal(holders(two({}, { multicastGroup: '224.0.0.99' })), 'a and b')
  })

  test('adverts that name other addresses are refused, in another order they are not', () => {
    const list = (...addresses: string[]): Partial<Router> => ({ advertised: addresses, addresses })
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.101', '10.0.0.100'))), 'a')
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.100'))), 'a and b')
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.100', '10.0.0.102'))), 'a and b')
  })

  test('in VRRPv2 another password is refused, in VRRPv3 there is none', () => {
    const password = (version: 2 | 3) =>
      two({ version, authentication: 'PASS one' }, { version, authentication: 'PASS two' })
    assert.equal(holders(password(2)), 'a and b')
    assert.equal(holders(password(3)), 'a')
  })

  test('in VRRPv2 another interval is refused', () => {
    assert.equal(holders(two({ version: 2, advertMs: 1_000 }, { version: 2, advertMs: 2_000 })), 'a and b')
  })

  test('VRRPv2 and VRRPv3 do not hear each other', () => {
    assert.equal(holders(two({ version: 2, advertMs: 1_000 }, { advertMs: 1_000 })), 'a and b')
  })

  test('two virtual routers with the same address have two MASTERs', () => {
    assert.equal(holders(two({}, { virtualRouterId: 8 })), 'a and b')
  })

  test('equal addresses are equal however they are written', () => {
    const ipv6 = (address: string, source: string): Partial<Router> => ({
      family: 6,
      advertised: [address],
      addresses: [address],
      source,
      unicastPeers: ['fd00::1', 'FD00:0::2'],
    })
    assert.equal(holders(two(ipv6('fd00::100', 'fd00::1'), ipv6('FD00:0::0100', 'fd00:0::2'))), 'a')
  })
})

suite('sync groups', () => {
  const grouped = (node: string, id: number, more: Partial<Router> = {}): Router =>
    router(node, {
      virtualRouterId: id,
      syncGroup: 'G',
      addresses: [`10.0.0.${id}`],
      advertised: [`10.0.0.${id}`],
      ...more,
    })
  const nodes = (first: Partial<Router>, second: Partial<Router>): ProofCluster =>
    cluster([grouped('a', 71, first), grouped('a', 72, second), grouped('b', 71), grouped('b', 72)])
  const all = (of: ProofCluster, ...sequence: (readonly Fault[])[]): string[] =>
    outcomesAfter(of, sequence).map((outcome) => outcome.holders.join(' and '))

  test('FAULT of one member takes the others along, each with priority 0', () => {
    const of = nodes({ priority: 110, trackers: [fault] }, { priority: 110 })
    assert.deepEqual(all(of), ['a', 'a'])
    assert.deepEqual(all(of, [dead('a')]), ['b', 'b'])
    assert.equal(bound(of, [dead('a')]), '66 ms: noticed + skew of 100')
    assert.deepEqual(all(of, [dead('a')], []), ['a', 'a'])
  })

  test('a lower priority of one member moves nothing while another member is the higher one', () => {
    const of = nodes({ priority: 110, trackers: [tracker('file', 0, { 'haproxy-dead': -20 })] }, { priority: 110 })
    assert.deepEqual(all(of, [dead('a')]), ['a', 'a'])
  })
})
