import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askWhoChanges, holderAmong, isNobodys, type PeerView, whoIsLate } from '../../src/peers-change.ts'

const CHANGE = { revision: 'new', node: 'lb2', addresses: ['10.9.0.100'] }

test('a node that does not run the revision yet is waited for', () => {
  assert.deepEqual(whoIsLate([view('lb1'), view('lb3')], CHANGE), ['lb1', 'lb3'])
})

test('a node whose keepalived runs the revision has changed, also while its confirm window is open', () => {
  const confirmed = {
    revision: { sha: 'new' },
    stages: [
      { stage: 'reload keepalived', outcome: 'ok' },
      { stage: 'confirm keepalived', outcome: 'ok' },
    ],
  }
  const reloading = { revision: { sha: 'new' }, stages: [{ stage: 'reload keepalived', outcome: 'ok' }] }
  assert.deepEqual(
    whoIsLate(
      [
        view('lb1', { applied: { revision: 'new' } }),
        view('lb3', { lastPass: confirmed }),
        view('lb4', { lastPass: reloading }),
        view('lb5', { lastPass: { ...confirmed, revision: { sha: 'old' } } }),
      ],
      CHANGE,
    ),
    ['lb4', 'lb5'],
  )
})

test('a node that is silent, suspended or has rejected the revision is not waited for', () => {
  assert.deepEqual(
    whoIsLate(
      [
        { name: 'lb1', said: undefined },
        view('lb3', { suspended: { reason: '' } }),
        view('lb4', { rejected: [{ revision: 'new' }] }),
      ],
      CHANGE,
    ),
    [],
  )
})

test('of two nodes that hold a VIP each the first by name goes first', () => {
  const holding = { vips: [{ address: '10.9.0.100', held: true, state: 'MASTER' }] }
  assert.deepEqual(whoIsLate([view('lb1', holding), view('lb3', holding)], CHANGE), ['lb1'])
})

test('who holds a VIP is MASTER of it and has the address', () => {
  const vip = { address: '10.9.0.100', held: true, state: 'MASTER' }
  const views = [
    view('lb1', { vips: [{ ...vip, held: false }] }),
    view('lb3', { vips: [{ ...vip, state: 'BACKUP' }] }),
    view('lb4', { vips: [vip] }),
  ]
  assert.equal(holderAmong(views, '10.9.0.100'), 'lb4')
  assert.equal(holderAmong(views.slice(0, 2), '10.9.0.100'), undefined)
})

test('a VIP that no other node runs is nobody’s, unless one is silent', () => {
  const other = view('lb1', { vips: [{ address: '10.9.0.101', held: false, state: 'BACKUP' }] })
  assert.equal(isNobodys([other, view('lb3')], '10.9.0.100'), true)
  assert.equal(isNobodys([other], '10.9.0.101'), false)
  assert.equal(isNobodys([other, { name: 'lb3', said: undefined }], '10.9.0.100'), false)
})

test('what is no status counts as silence', async () => {
  const peers = ['lb1', 'lb3', 'lb4'].map((name) => ({ name, address: name }))
  const answers: Readonly<Record<string, unknown>> = { lb1: { applied: null, vips: [] }, lb3: { vips: 'none' } }
  const views = await askWhoChanges(peers, async ({ name }) =>
    answers[name] === undefined ? { kind: 'silent', reason: 'no' } : { kind: 'answer', value: answers[name] },
  )
  assert.deepEqual(views, [
    { name: 'lb1', said: { applied: null, vips: [], suspended: null, rejected: [], lastPass: null } },
    { name: 'lb3', said: undefined },
    { name: 'lb4', said: undefined },
  ])
})

function view(name: string, more: Partial<NonNullable<PeerView['said']>> = {}): PeerView {
  return {
    name,
    said: { applied: { revision: 'old' }, suspended: null, rejected: [], vips: [], lastPass: null, ...more },
  }
}
