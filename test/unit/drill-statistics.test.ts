import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, longestGap, percentile, summarize } from '../../src/drill/statistics.ts'

test('the longest gap counts the edges of the window', () => {
  assert.equal(longestGap([20, 30], 0, 35), 20)
  assert.equal(longestGap([5, 10], 0, 100), 90)
  assert.equal(longestGap([10, 40, 50], 0, 55), 30)
})

test('a window without a success is one gap', () => {
  assert.equal(longestGap([], 100, 350), 250)
})

test('successes outside the window do not count, and their order does not matter', () => {
  assert.equal(longestGap([300, 50, 10, 30], 20, 60), 20)
})

test('a window of a million requests is summed up', () => {
  const times = Array.from({ length: 1_000_000 }, (_, index) => index)
  assert.equal(longestGap(times, 0, 1_000_000), 1)
})

test('a percentile is a value that occurred', () => {
  assert.equal(percentile([], 99), 0)
  assert.equal(percentile([7], 50), 7)
  assert.equal(percentile([4, 1, 3, 2], 50), 2)
  assert.equal(percentile([4, 1, 3, 2], 99), 4)
  assert.equal(percentile([4, 1, 3, 2], 0), 1)
})

test('a window counts failures by their cause and names the first', () => {
  const attempts: Attempt[] = [
    { startedAt: 1, endedAt: 2, failure: undefined, server: 'a' },
    { startedAt: 3, endedAt: 4, failure: 'ECONNREFUSED', server: undefined },
    { startedAt: 5, endedAt: 6, failure: 'ECONNRESET', server: undefined },
    { startedAt: 7, endedAt: 8, failure: 'ECONNREFUSED', server: undefined },
    { startedAt: 9, endedAt: 12, failure: undefined, server: 'b' },
  ]
  assert.deepEqual(summarize(attempts, 0, 14), {
    sent: 5,
    failed: 3,
    longestGapMs: 10,
    silentMs: 2,
    firstFailure: 'ECONNREFUSED',
    failures: { ECONNREFUSED: 2, ECONNRESET: 1 },
    servers: { a: 1, b: 1 },
  })
})
