import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headlineOf, logsOf } from '../../src/headline.ts'
import { endOfFirst, endOfLive } from '../../src/install/wait-for-release.ts'
import type { Status } from '../../src/status.ts'
import { VIP, WELL } from '../support/well-status.ts'

const LOGS = logsOf({
  supervisor: 'systemd',
  paths: { state: '/s', runtime: '/r', haproxyConfig: '/h', keepalivedConfig: '/k', launcher: '/l' },
})
const PEER: Status['peers'][number] = {
  ...{ name: 'lb2', address: '10.0.0.12', up: true, reason: null, holds: [], ageMs: 0 },
}
const TWICE = { vips: [{ ...VIP, duplicate: { others: ['lb2'], silent: [], ageMs: 0 } }] }
const APPLIED = passOf({ kind: 'applied', release: 'abc-1' })
const SERVES = { result: { kind: 'done', note: 'release abc-1 serves; all is well' }, mayPass: false }

function passOf(result: NonNullable<Status['lastPass']>['result']): Pick<Status, 'lastPass'> {
  return { lastPass: { revision: null, startedAtMs: 0, endedAtMs: 0, stages: [], result } }
}

/** As the agent would tell it. */
function status(more: Partial<Status>): Status {
  const facts = { ...WELL, ...more }
  return { ...facts, headline: headlineOf(facts, LOGS) }
}

test('an installation that ends with a VIP on two nodes has failed, unless that passes', () => {
  const what =
    "release abc-1 is live, but DUPLICATE: this node holds api (10.0.0.20), and lb2 does as well: do they hear each other's adverts?"
  const fix =
    'Is keepalived well on the other node (lb-agent status there)? Then let VRRP (IP protocol 112) pass between them: firewall, switch, hypervisor'
  const failed = { result: { kind: 'failed', obstacle: { what, fix } }, mayPass: true }
  assert.deepEqual(endOfFirst(status({ ...APPLIED, ...TWICE })), failed)
  assert.deepEqual(endOfFirst(status(TWICE)), failed, 'after a restart that found nothing new')
  assert.deepEqual(endOfLive(status({ ...TWICE, ...passOf({ kind: 'running', waits: null }) })), failed)
})

test('an installation after which HAProxy does not serve has failed, unless that passes', () => {
  const gate = { ...WELL.gate, open: false, reason: 'it does not listen' }
  assert.deepEqual(endOfFirst(status({ ...APPLIED, gate })), {
    result: {
      kind: 'failed',
      obstacle: {
        what: 'release abc-1 is live, but HAProxy does not serve, the gate is closed: it does not listen',
        fix: 'Why: journalctl -e -u haproxy. One that hangs is not restarted by itself: kill it, and it is started again. Whether another node serves: lb-agent status --cluster',
      },
    },
    mayPass: true,
  })
})

test('an installation is done where a release serves, with what is not well besides', () => {
  assert.deepEqual(endOfFirst(status(APPLIED)), SERVES)
  const services = WELL.services.map((service) => ({ ...service, up: 0 }))
  assert.deepEqual(endOfFirst(status({ ...APPLIED, services })), {
    result: {
      kind: 'done',
      note: 'release abc-1 serves; service web has no server up: see its servers below. Their last check says how it failed. Whether all nodes see that: lb-agent status on the others',
    },
    mayPass: false,
  })
})

test('that no other node holds the VIP is not sure before they were asked, and asked again', () => {
  for (const peer of [
    { ...PEER, up: null, ageMs: null },
    { ...PEER, holds: ['api'] },
  ])
    assert.deepEqual(endOfLive(status({ peers: [peer] })), { ...SERVES, mayPass: true })
  for (const peer of [PEER, { ...PEER, up: false, reason: 'nobody listens' }])
    assert.deepEqual(endOfLive(status({ peers: [peer] })), SERVES)
  const elsewhere = { vips: [{ ...VIP, state: 'BACKUP', held: false }], peers: [{ ...PEER, holds: ['api'] }] } as const
  assert.deepEqual(endOfLive(status({ vips: [...elsewhere.vips], peers: [...elsewhere.peers] })), SERVES)
})

test('an installation goes on while the first pass does, and fails with its reason', () => {
  assert.equal(endOfFirst(status(passOf({ kind: 'running', waits: null }))), undefined)
  assert.equal(endOfFirst(status({ fetch: null })), undefined)
  const rejected = passOf({ kind: 'rejected', stage: 'check', reason: 'lb.yaml:1:1  is wrong' })
  const what = 'the first release is not live: lb.yaml:1:1  is wrong'
  assert.deepEqual(endOfFirst(status({ ...rejected, applied: null })), {
    result: {
      kind: 'failed',
      obstacle: { what, fix: 'what served before goes on serving. lb-agent status shows each stage' },
    },
    mayPass: false,
  })
  assert.deepEqual(endOfFirst(status(rejected)), {
    result: { kind: 'failed', obstacle: { what, fix: 'lb-agent status shows each stage' } },
    mayPass: false,
  })
})
