import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatStatus } from '../../src/cli/status.ts'
import type { Status } from '../../src/status.ts'

const VIP: Status['vips'][number] = {
  ...{ name: 'api', address: '10.0.0.20', state: 'BACKUP', sinceMs: 0, effectivePriority: 253 },
  ...{ held: false, duplicate: null, score: 100, scoreReason: 'every service has a server', scoreCause: 'healthy' },
}
const ANSWERS: Status['peers'][number] = {
  ...{ name: 'lb2', address: '10.0.0.12', up: true, reason: null, holds: ['api'], ageMs: 3_000 },
}
const STATUS: Status = {
  format: 1,
  headline: { well: true, text: 'all is well', advice: null },
  ...{ node: 'lb1', version: '1', atMs: 60_000, agent: { pid: 1, startedAtMs: 0, onDisk: null } },
  applied: { release: 'abc-1', revision: 'abc', atMs: 0 },
  ...{ previous: null, rejected: [], desired: null, suspended: null, lastPass: null, fetch: null },
  gate: { open: true, reason: 'HAProxy answers', sinceMs: 0, ageMs: 80, fresh: true },
  ...{ vips: [VIP], moves: [], drains: [], troubles: [], services: [], drift: { files: [], ageMs: 0 } },
  haproxy: {
    ...{ state: 'running', pid: 2, version: '2.6', release: 'abc-1', uptimeSec: 1, ageMs: 0 },
    oldWorkers: { count: 4, ageMs: 2_000 },
  },
  keepalived: { state: 'running', pid: 3 },
  peers: [ANSWERS],
}

/** The one line that begins so. */
function line(more: Partial<Status>, begin: RegExp): string {
  const found = formatStatus({ ...STATUS, ...more })
    .split('\n')
    .filter((text) => begin.test(text))
  assert.equal(found.length, 1, String(begin))
  return found[0] ?? ''
}

test('a gate that was not looked at is UNKNOWN, and neither open nor closed', () => {
  assert.equal(line({}, /^gate/), 'gate         open for 60 s: HAProxy answers, looked 80 ms ago')
  const stale = { gate: { ...STATUS.gate, ageMs: 7_000, fresh: false } }
  assert.equal(line(stale, /^gate/), 'gate         UNKNOWN: looked 7 s ago, then it was open: HAProxy answers')
  const adopted = { gate: { ...STATUS.gate, ageMs: null } }
  assert.equal(line(adopted, /^gate/), 'gate         UNKNOWN: not looked at yet; it was left open')
})

test('old workers are counted, or UNKNOWN', () => {
  assert.equal(line({}, /^old workers/), 'old workers  4, counted 2 s ago')
  const haproxy = { ...STATUS.haproxy, oldWorkers: null }
  assert.equal(line({ haproxy }, /^old workers/), 'old workers  UNKNOWN')
})

test('where a VIP is that is not here, the other node has said, with the age of that', () => {
  assert.match(line({}, /^api/), /^api {2}10\.0\.0\.20 {2}BACKUP {2}60 s {2}on lb2, asked 3 s ago {2}253 +100 \(/)
  assert.match(line({ peers: [] }, /^api/), / not here /)
  assert.match(line({ vips: [{ ...VIP, held: true }] }, /^api/), / {2}here {2}/)
  const duplicate = { others: ['lb2'], silent: [], ageMs: 1_500 }
  const twice = { vips: [{ ...VIP, held: true, duplicate }] }
  assert.match(line(twice, /^api/), / DUPLICATE lb2, asked 2 s ago /)
})

test('each other node has a line: what it holds, that it is silent and why, or that it was not asked', () => {
  assert.equal(line({}, /^lb2/), 'lb2          10.0.0.12  answers; holds api  3 s ago')
  const silent = { ...ANSWERS, up: false, reason: 'nobody listens on port 9853', holds: [] }
  assert.match(line({ peers: [silent] }, /^lb2/), /no answer: nobody listens on port 9853 {2}3 s ago$/)
  const unasked = { ...ANSWERS, up: null, holds: [], ageMs: null }
  assert.match(line({ peers: [unasked] }, /^lb2/), /UNKNOWN: not asked yet {2}-$/)
})
