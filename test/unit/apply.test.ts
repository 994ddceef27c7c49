import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplyState } from '../../src/apply/apply-state.ts'
import { planSteps } from '../../src/apply/plan-steps.ts'
import { digestsOf, type Release, releaseId } from '../../src/apply/release.ts'
import { createRecorder, type StageRecord } from '../../src/apply/stage-record.ts'
import { whyNotApply } from '../../src/apply/why-not-apply.ts'

const release = (haproxy: string, keepalived: string): Release => {
  const digests = digestsOf({ haproxy, keepalived })
  return {
    id: releaseId('a'.repeat(40), digests),
    revision: 'a'.repeat(40),
    digests,
    files: { haproxy, keepalived },
    expectation: {
      cluster: '',
      healthPort: 8405,
      haproxyMetrics: 'builtin',
      advertIntervalMs: 100,
      failbackMs: 0,
      dampingMs: 0,
      peers: [],
      vips: [],
      services: [],
    },
    renderedBy: '0.0.0',
    node: 'lb1',
    foreign: false,
  }
}
const steps = (from: Release | undefined, to: Release): string[] =>
  planSteps(from, to).map((step) => ('daemon' in step ? `${step.kind} ${step.daemon}` : step.kind))

test('a first release reloads HAProxy before keepalived and confirms each', () => {
  assert.deepEqual(steps(undefined, release('a', 'b')), [
    'activate',
    'reload haproxy',
    'confirm haproxy',
    'reload keepalived',
    'confirm keepalived',
    'watch',
  ])
})

test('a daemon whose file says the same is not reloaded', () => {
  assert.deepEqual(steps(release('a', 'b'), release('a2', 'b')), [
    'activate',
    'reload haproxy',
    'confirm haproxy',
    'watch',
  ])
  assert.deepEqual(steps(release('a', 'b'), release('a', 'b2')), [
    'activate',
    'reload keepalived',
    'confirm keepalived',
    'watch',
  ])
})

test('a release id is the revision and what the files say', () => {
  assert.match(release('a', 'b').id, /^aaaaaaaaaaaa-[0-9a-f]{8}$/)
  assert.notEqual(release('a', 'b').id, release('a', 'c').id)
  assert.notEqual(release('ab', '').id, release('a', 'b').id)
})

const state = (change: Partial<ApplyState> = {}): ApplyState => ({
  applied: { release: 'r', revision: '1'.repeat(40), atMs: 0 },
  previous: null,
  rejected: [],
  ...change,
})
const nothingAllowed = { rewind: false, rejected: false }

test('a descendant of what runs is applied', () => {
  assert.equal(whyNotApply('2'.repeat(40), state(), 'descendant', nothingAllowed), undefined)
})

test('a rewound branch is refused until it is accepted', () => {
  assert.deepEqual(whyNotApply('2'.repeat(40), state(), 'rewind', nothingAllowed), {
    kind: 'rewind',
    reason:
      '222222222222 does not descend from 111111111111, which this node runs: the branch was rewound. If that is meant: lb-agent sync --accept-rewind',
  })
  assert.equal(whyNotApply('2'.repeat(40), state(), 'rewind', { rewind: true, rejected: false }), undefined)
})

test('a commit whose history is not known is a rewind, not a descendant', () => {
  assert.equal(whyNotApply('2'.repeat(40), state(), 'unknown-ancestor', nothingAllowed)?.kind, 'rewind')
})

test('a rejected revision is not tried again unless asked', () => {
  const revision = '2'.repeat(40)
  const rejected = state({ rejected: [{ revision, stage: 'check', reason: 'haproxy refused it', atMs: 0 }] })
  assert.deepEqual(whyNotApply(revision, rejected, 'descendant', nothingAllowed), {
    kind: 'rejected',
    reason:
      '222222222222 was rejected at check: haproxy refused it. Push a commit that mends it, or try it again: lb-agent sync --retry',
  })
  assert.equal(whyNotApply(revision, rejected, 'descendant', { rewind: false, rejected: true }), undefined)
})

test('the first revision of a node has nothing to descend from', () => {
  assert.equal(whyNotApply('2'.repeat(40), state({ applied: null }), 'unknown-ancestor', nothingAllowed), undefined)
})

test('a stage that throws is recorded as failed and rejects nothing', async () => {
  const records: StageRecord[] = []
  const record = createRecorder(
    () => 5,
    (value) => value,
    (entry) => records.push(entry),
  )
  const result = await record('activate', () => Promise.reject(new Error('ENOSPC: no space left on device')))
  assert.deepEqual(result, { kind: 'failed', reason: 'ENOSPC: no space left on device', rejects: false })
  assert.deepEqual(
    records.map(({ stage, outcome, detail, startedAtMs }) => ({ stage, outcome, detail, startedAtMs })),
    [{ stage: 'activate', outcome: 'failed', detail: 'ENOSPC: no space left on device', startedAtMs: 5 }],
  )
})
