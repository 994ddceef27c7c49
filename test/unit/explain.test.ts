import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent, VrrpState } from '../../src/timeline/event.ts'
import { explain } from '../../src/timeline/explain.ts'

// Lines as keepalived 2.2.7 prints them with --log-console --log-detail.
const GAVE_UP = log(
  '(api) Backup received priority 0 advertisement',
  '(api) Backup received priority 0 advertisement',
  '(api) Receive advertisement timeout',
  '(api) Entering MASTER STATE',
  '(api) setting VIPs.',
)
const SILENT = log('(api) Receive advertisement timeout', '(api) Entering MASTER STATE')
const LOWER = [
  '(api) received lower priority (164) advert from 10.8.0.1 - discarding',
  '(api) received lower priority (164) advert from 10.8.0.1 - discarding',
  '(api) Receive advertisement timeout',
  '(api) Entering MASTER STATE',
]
const HIGHER = log(
  '(api) Changing effective priority from 254 to 164',
  '(api) Master received advert from 10.8.0.2 with higher priority 253, ours 164',
  '(api) Entering BACKUP STATE',
)
const SCORE: NewEvent = { kind: 'score', vip: 'api', from: 100, to: 10, reason: 'drained by hand' }
const CLOSED: NewEvent = { kind: 'gate', open: false, reason: 'HAProxy does not listen on 127.0.0.1:8405' }

const rows: [string, VrrpState, VrrpState, readonly NewEvent[], readonly string[] | undefined, string][] = [
  ['a closed gate', 'MASTER', 'FAULT', [CLOSED], [], 'gate closed: HAProxy does not listen on 127.0.0.1:8405'],
  [
    'a closed gate, without a log',
    'MASTER',
    'FAULT',
    [CLOSED],
    undefined,
    'gate closed: HAProxy does not listen on 127.0.0.1:8405',
  ],
  [
    'a VIP that is held back here',
    'UNKNOWN',
    'FAULT',
    [{ kind: 'score', vip: 'api', from: null, to: -254, reason: 'held back: no server of it was up yet' }],
    undefined,
    'held back: no server of it was up yet',
  ],
  [
    'an interface that went down',
    'MASTER',
    'FAULT',
    [],
    log('Netlink reports eth0 down', '(api) Entering FAULT STATE'),
    'interface eth0 went down',
  ],
  [
    'the check of keepalived itself',
    'MASTER',
    'FAULT',
    [],
    log('VRRP_Script(haproxy_serves) failed (exited with status 1)', '(api) Entering FAULT STATE'),
    'keepalived’s own check haproxy_serves failed (exited with status 1)',
  ],
  [
    'a fault of which the agent knows nothing',
    'MASTER',
    'FAULT',
    [],
    undefined,
    'the gate was open as far as the agent knows; the agent cannot read keepalived’s log here: journalctl -u keepalived has the rest',
  ],
  [
    'a gate that opened',
    'FAULT',
    'BACKUP',
    [{ kind: 'gate', open: true, reason: 'HAProxy answers' }],
    [],
    'gate opened: HAProxy answers',
  ],
  [
    'a lower score of its own',
    'MASTER',
    'BACKUP',
    [SCORE],
    HIGHER,
    'score 100 -> 10: drained by hand; two has the higher priority (253 against 164)',
  ],
  ['a lower score, without a log', 'MASTER', 'BACKUP', [SCORE], undefined, 'score 100 -> 10: drained by hand'],
  ['a better node', 'MASTER', 'BACKUP', [], HIGHER, 'two has the higher priority (253 against 164)'],
  [
    'a keepalived that was killed',
    'MASTER',
    'BACKUP',
    [
      { kind: 'daemon', unit: 'keepalived', what: 'died', reason: 'ended by SIGKILL' },
      { kind: 'daemon', unit: 'keepalived', what: 'started', reason: '' },
    ],
    log('(api) Entering BACKUP STATE (init)'),
    'keepalived died: ended by SIGKILL',
  ],
  ['a holder that gave it up', 'BACKUP', 'MASTER', [], GAVE_UP, 'its holder gave it up (priority 0)'],
  ['a holder that fell silent', 'BACKUP', 'MASTER', [], SILENT, 'no advert from its holder for 300 ms'],
  [
    'a holder whose priority fell',
    'BACKUP',
    'MASTER',
    [],
    log(...LOWER),
    'the priority of its holder one fell to 164, below ours',
  ],
  [
    'a score of its own that rose',
    'BACKUP',
    'MASTER',
    [{ kind: 'score', vip: 'api', from: 0, to: 100, reason: 'every service has a server' }],
    log(...LOWER),
    'score 0 -> 100: every service has a server; one has the lower priority (164)',
  ],
  [
    'a keepalived that began anew',
    'BACKUP',
    'MASTER',
    [],
    log('(api) Entering BACKUP STATE (init)', '(api) Receive advertisement timeout', '(api) Entering MASTER STATE'),
    'this node has begun anew and heard no other holder',
  ],
  [
    'nothing that it could read',
    'BACKUP',
    'MASTER',
    [],
    undefined,
    'nothing on this node caused it; the agent cannot read keepalived’s log here: journalctl -u keepalived has the rest',
  ],
  ['a stop', 'MASTER', 'UNKNOWN', [], log('Stopping'), 'keepalived was stopped'],
]
for (const [name, from, to, events, printed, reason] of rows) {
  test(`explains ${from} -> ${to} by ${name}`, () => assert.equal(reasonOf(from, to, events, printed), reason))
}

test('an event of another VIP, or of a minute ago, is no reason', () => {
  const other: NewEvent = { ...SCORE, vip: 'ingress' }
  assert.equal(reasonOf('MASTER', 'BACKUP', [other], HIGHER), 'two has the higher priority (253 against 164)')
  assert.equal(reasonOf('MASTER', 'BACKUP', [SCORE], HIGHER, 60_000), 'two has the higher priority (253 against 164)')
})

test('what keepalived said of another VIP, or of an earlier change, is no reason', () => {
  const others = GAVE_UP.map((line) => line.replace('(api)', '(ingress)'))
  assert.equal(reasonOf('BACKUP', 'MASTER', [], [...others, ...SILENT]), 'no advert from its holder for 300 ms')
  // A priority 0 of a minute before, which another node answered.
  const before = ['Wed Nov 25 08:25:48 2026: (api) Backup received priority 0 advertisement']
  assert.equal(reasonOf('BACKUP', 'MASTER', [], [...before, ...SILENT]), 'no advert from its holder for 300 ms')
})

test('where adverts are slow, the cause may lie five of them back', () => {
  const closed = (agoMs: number, advertIntervalMs: number): string =>
    reasonOf('MASTER', 'FAULT', [CLOSED], [], agoMs, advertIntervalMs)
  const told = `gate closed: ${CLOSED.kind === 'gate' ? CLOSED.reason : ''}`
  assert.equal(closed(9_000, 2_000), told)
  assert.notEqual(closed(11_000, 2_000), told)
  assert.notEqual(closed(9_000, 100), told)
})

function reasonOf(
  from: VrrpState,
  to: VrrpState,
  events: readonly NewEvent[],
  printed: readonly string[] | undefined,
  agoMs = 100,
  advertIntervalMs = 100,
): string {
  return explain({
    ...{ vip: 'api', from, to, atMs: 1_000_000, printed },
    recent: events.map((event) => ({ atMs: 1_000_000 - agoMs, ...event })),
    nodeAt: (address) => ({ '10.8.0.1': 'one', '10.8.0.2': 'two' })[address],
    advertIntervalMs,
  }).reason
}

function log(...lines: string[]): string[] {
  return lines.map((line) => `Wed Nov 25 08:26:48 2026: ${line}`)
}
