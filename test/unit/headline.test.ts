import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headlineOf, isUrgent, logsOf } from '../../src/headline.ts'
import type { Status } from '../../src/status.ts'
import { VIP, WELL } from '../support/well-status.ts'

const pass = (result: NonNullable<Status['lastPass']>['result']): Status['lastPass'] => ({
  ...{ revision: null, startedAtMs: 0, endedAtMs: 0, stages: [], result },
})
const logs = logsOf({
  supervisor: 'systemd',
  paths: { state: '/s', runtime: '/r', haproxyConfig: '/h', keepalivedConfig: '/k', launcher: '/l' },
})

// Most urgent first.
const CASES: readonly [Partial<typeof WELL>, string, string | null][] = [
  [
    { applied: null },
    'nothing is applied on this node: no revision has been applied yet',
    'lb-agent sync tries again and shows each stage',
  ],
  [
    { vips: [{ ...VIP, duplicate: { others: ['lb2'], silent: [], ageMs: 0 } }] },
    "DUPLICATE: this node holds api (10.0.0.20), and lb2 does as well: do they hear each other's adverts?",
    'Is keepalived well on the other node (lb-agent status there)? Then let VRRP (IP protocol 112) pass between them: firewall, switch, hypervisor',
  ],
  [
    { gate: { ...WELL.gate, open: false, reason: 'it does not listen' } },
    'HAProxy does not serve, the gate is closed: it does not listen',
    'Why: journalctl -e -u haproxy. One that hangs is not restarted by itself: kill it, and it is started again. Whether another node serves: lb-agent status --cluster',
  ],
  [
    { keepalived: { state: 'stopped', reason: 'it ended' } },
    'keepalived is not running: it ended',
    'Why: journalctl -e -u keepalived. Whether another node serves: lb-agent status --cluster',
  ],
  [
    { keepalived: { state: 'hanging', pid: 3, reason: 'it is stopped (SIGSTOP)' } },
    'keepalived hangs: it is stopped (SIGSTOP)',
    'Restart it, or let it go on (kill -CONT). Whether another node serves: lb-agent status --cluster',
  ],
  [
    { gate: { ...WELL.gate, fresh: false } },
    'the agent has not looked at HAProxy for a while: see its log',
    'journalctl -e -u lb-agent',
  ],
  [
    { haproxy: { state: 'UNKNOWN', reason: 'no answer within 500 ms', ageMs: 0, oldWorkers: null } },
    'HAProxy serves, but cannot be asked: no answer within 500 ms',
    'Why: journalctl -e -u haproxy',
  ],
  [
    { vips: [{ ...VIP, held: false }] },
    'keepalived is MASTER of api, but 10.0.0.20 is not on this node',
    'Find what took it off (systemd-networkd, NetworkManager: ip monitor address); until then lb-agent drain moves it to another node',
  ],
  [
    { vips: [{ ...VIP, held: false, state: 'FAULT' }] },
    'VIP api is in FAULT on this node',
    'Is its interface up? Why: journalctl -e -u keepalived',
  ],
  [
    { services: WELL.services.map((service) => ({ ...service, up: 0 })) },
    'service web has no server up: see its servers below',
    'Their last check says how it failed. Whether all nodes see that: lb-agent status on the others',
  ],
  [
    { services: WELL.services.map((service) => ({ ...service, up: 1, minimum: 2 })) },
    'service web has 1 of at least 2 servers up: see its servers below',
    'Their last check says how it failed. Whether all nodes see that: lb-agent status on the others',
  ],
  [
    { lastPass: pass({ kind: 'stuck', stage: 'watch', reason: 'neither could be proven' }) },
    "neither could be proven: look at both daemons' logs",
    'journalctl -e -u haproxy; journalctl -e -u keepalived',
  ],
  [
    { drift: { files: [{ file: '/h', what: 'changed' }], ageMs: 0 } },
    'not what release abc-1 wrote: /h (changed). To put it back: lb-agent sync --restore',
    null,
  ],
  [
    { fetch: { ok: false, detail: 'no route', ageMs: 0, everyMs: 30_000, nextInMs: 0, okAtMs: null } },
    'the repository cannot be read: no route; abc-1 goes on serving',
    'lb-agent sync tries again now',
  ],
  [
    { lastPass: pass({ kind: 'rejected', stage: 'check', reason: 'lb.yaml:1:1  is wrong\nlb.yaml:2:1  too' }) },
    'lb.yaml:1:1  is wrong; abc-1 goes on serving',
    'All of it stands below, under the last change',
  ],
  [
    { vips: [{ ...VIP, held: false, state: 'UNKNOWN' }] },
    'keepalived has not said how VIP api is',
    'If that lasts: journalctl -e -u keepalived',
  ],
  [{ troubles: [{ key: 'k', text: 'a hook is not safe to run', sinceMs: 0 }] }, 'a hook is not safe to run', null],
]

for (const [change, text, advice] of CASES) {
  test(`the headline: ${text}`, () => {
    assert.deepEqual(headlineOf({ ...WELL, ...change }, logs), { well: false, text, advice })
  })
}

test('somebody must act at once where clients may have no service or two nodes that answer, and only there', () => {
  const urgent = CASES.filter(([change]) => isUrgent({ ...WELL, ...change })).map(([, text]) => text)
  assert.deepEqual(urgent, [
    "DUPLICATE: this node holds api (10.0.0.20), and lb2 does as well: do they hear each other's adverts?",
    'HAProxy does not serve, the gate is closed: it does not listen',
    'keepalived is not running: it ended',
    'keepalived hangs: it is stopped (SIGSTOP)',
    'keepalived is MASTER of api, but 10.0.0.20 is not on this node',
  ])
  assert.equal(isUrgent(WELL), false)
})

test('what is more urgent comes first', () => {
  for (const [at, [change, text]] of CASES.entries()) {
    const [less = {}] = CASES[at + 1] ?? []
    assert.equal(headlineOf({ ...WELL, ...less, ...change }, logs).text, text)
  }
})

test('what a person has set going is not a fault, and is told', () => {
  assert.deepEqual(headlineOf(WELL, logs), { well: true, text: 'all is well', advice: null })
  const suspended = { sinceMs: 0, untilMs: null, reason: '' }
  assert.equal(
    headlineOf({ ...WELL, suspended }, logs).text,
    'all is well; suspended by hand, revisions are not applied',
  )
})

test('with an embedded supervisor the daemons have logs of their own', () => {
  const paths = { state: '/s', runtime: '/r', haproxyConfig: '/h', keepalivedConfig: '/k', launcher: '/l' }
  assert.deepEqual(logsOf({ supervisor: 'embedded', paths }), {
    haproxy: 'less +G /s/haproxy.log',
    keepalived: 'less +G /s/keepalived.log',
    agent: 'journalctl -e -u lb-agent-embedded',
  })
})
