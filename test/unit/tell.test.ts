import assert from 'node:assert/strict'
import { test } from 'node:test'
import { age } from '../../src/time-text.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import { tell, type Why } from '../../src/timeline/tell.ts'

const BASE: Why = {
  ...{ node: 'one', vip: 'api', address: '10.0.0.20', state: 'MASTER', sinceMs: 1_000, held: true },
  ...{ atMs: 61_000, events: [] },
}
const TOOK: TimelineEvent = {
  ...{ atMs: 1_000, kind: 'vrrp', vip: 'api', address: '10.0.0.20', from: 'BACKUP', to: 'MASTER', priority: 254 },
  reason: 'its holder gave it up (priority 0)',
}
const LOST: TimelineEvent = {
  ...{ atMs: 31_000, kind: 'vrrp', vip: 'api', address: '10.0.0.20', from: 'MASTER', to: 'FAULT', priority: 254 },
  reason: 'gate closed: HAProxy does not listen on 127.0.0.1:8405',
}

test('says who holds it and since when, and that it took it', () => {
  assert.deepEqual(told({ events: [TOOK] }), [
    'VIP api (10.0.0.20) has been held by this node, one, since 1 s (60 s)',
    '',
    '1 s  BACKUP -> MASTER: took it: its holder gave it up (priority 0)',
  ])
})

test('says how long it was held, and by which check it was lost', () => {
  assert.deepEqual(told({ state: 'FAULT', sinceMs: 31_000, held: false, events: [TOOK, LOST] }), [
    'VIP api (10.0.0.20) is not held by this node: one has been FAULT since 31 s (30 s); who holds it is not known here: ask the other nodes',
    '',
    '1 s  BACKUP -> MASTER: took it: its holder gave it up (priority 0)',
    '31 s  MASTER -> FAULT: gave it up, held it for 30 s: gate closed: HAProxy does not listen on 127.0.0.1:8405',
  ])
})

test('names the node that has taken it, when keepalived did', () => {
  const lost: TimelineEvent = {
    ...LOST,
    to: 'BACKUP',
    peer: 'two',
    reason: 'two has the higher priority (253 against 154)',
  }
  assert.equal(
    told({ state: 'BACKUP', sinceMs: 31_000, held: false, events: [TOOK, lost] })[0],
    'VIP api (10.0.0.20) is not held by this node: one has been BACKUP since 31 s (30 s); it went to two',
  )
})

test('names the commit that was put live around a move', () => {
  const release: TimelineEvent = {
    ...{ atMs: 33_000, kind: 'release', result: 'rolled back', release: '', revision: 'a'.repeat(40) },
    ...{
      subject: 'Add a service',
      author: 'Ada',
      stage: 'watch',
      reason: 'VIP api went to FAULT\nand more',
      startedAtMs: 30_000,
    },
  }
  assert.deepEqual(told({ events: [TOOK, LOST, release] }).slice(-2), [
    '31 s  MASTER -> FAULT: gave it up, held it for 30 s: gate closed: HAProxy does not listen on 127.0.0.1:8405 (while commit aaaaaaaaaaaa "Add a service" by Ada was put live: rolled back)',
    '33 s  commit aaaaaaaaaaaa "Add a service" by Ada rolled back at watch: VIP api went to FAULT (and 1 more)',
  ])
})

test('tells every other kind in a sentence', () => {
  const events: TimelineEvent[] = [
    { atMs: 0, kind: 'gate', open: true, reason: 'HAProxy answers' },
    { atMs: 0, kind: 'score', vip: 'api', from: null, to: 100, reason: 'every service has a server' },
    { atMs: 0, kind: 'drain', vips: [], on: true, untilMs: 9_000, reason: 'by hand' },
    { atMs: 0, kind: 'suspend', on: true, untilMs: 9_000, reason: '' },
    { atMs: 0, kind: 'drain', vips: ['api'], on: false, untilMs: null, reason: 'by hand' },
    { atMs: 0, kind: 'daemon', unit: 'keepalived', what: 'started', reason: '' },
    { atMs: 0, kind: 'agent', what: 'started', version: '0.1.0' },
    { atMs: 0, kind: 'clock', jumpMs: -60_000 },
  ]
  assert.deepEqual(told({ events }).slice(2), [
    '0 ms  gate opened: HAProxy answers',
    '0 ms  score of api unknown -> 100: every service has a server',
    '0 ms  all VIPs drained, until 9 s: by hand',
    '0 ms  suspended until 9 s, revisions are not applied here',
    '0 ms  api no longer drained: by hand',
    '0 ms  keepalived started',
    '0 ms  lb-agent 0.1.0 started',
    '0 ms  the clock was set back by 60 s',
  ])
})

test('the newest events alone are told with what the earlier ones say', () => {
  const waits: TimelineEvent = {
    ...LOST,
    ...{ to: 'BACKUP', peer: 'two', reason: 'two has the higher priority (253 against 154)' },
  }
  const score: TimelineEvent = { atMs: 32_000, kind: 'score', vip: 'api', from: 64, to: 100, reason: 'well' }
  const why: Why = { ...BASE, state: 'BACKUP', sinceMs: 31_000, held: false, events: [TOOK, waits, score] }
  assert.match(
    tell(why, { time: age, span: age }, 2).join('\n'),
    /; it went to two\n\n31 s {2}MASTER -> BACKUP: gave it up, held it for 30 s: .*\n32 s {2}score of api 64 -> 100: well$/,
  )
  assert.match(tell(why, { time: age, span: age }, 1).join('\n'), /; it went to two\n\n32 s {2}score of api [^\n]+$/)
})

test('says that it knows nothing, and that the address contradicts keepalived', () => {
  assert.deepEqual(told({ state: 'UNKNOWN', sinceMs: null, held: true }), [
    'VIP api (10.0.0.20) is not held by this node: one has not been told of it by keepalived; but the address is on this node; who holds it is not known here: ask the other nodes',
    '',
    'nothing is known of it on this node yet',
  ])
})

function told(change: Partial<Why>): string[] {
  return tell({ ...BASE, ...change }, { time: age, span: age })
}
