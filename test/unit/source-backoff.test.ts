import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextDelayMs } from '../../src/source/backoff.ts'

test('waits the usual time after a success', () => {
  assert.equal(nextDelayMs({ failures: 0, everyMs: 30_000, random: () => 0.1 }), 30_000)
})

test('spreads retries over a range that doubles up to five minutes', () => {
  const highest = [1, 2, 3, 4, 5, 6, 60, 5000].map((failures) =>
    nextDelayMs({ failures, everyMs: 30_000, random: () => 1 }),
  )
  assert.deepEqual(highest, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 300_000, 300_000])
})

test('never waits less than a second, nor longer than five minutes or the usual time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1_000, max: 3_600_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, everyMs, x) => {
        const delayMs = nextDelayMs({ failures, everyMs, random: () => x })
        assert.ok(delayMs >= 1_000 && delayMs <= Math.max(everyMs, 300_000), String(delayMs))
      },
    ),
  )
})
