import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExpectedNow } from '../../src/expected-now.ts'
import type { Expectation } from '../../src/render/expectation.ts'

test('before a release is applied each daemon is asked for its part of what it runs, and then for what is applied', async () => {
  let applied = expectation('before')
  let looks = 0
  const expected = createExpectedNow({
    applied: () => applied,
    lookAtHaproxy: async () => {
      looks += 1
    },
  })
  const next = expectation('next')
  assert.deepEqual(expected.get(), applied)
  await expected.loaded('haproxy', { expectation: next })
  assert.deepEqual(expected.get(), { ...applied, services: next.services, healthPort: next.healthPort })
  await expected.loaded('keepalived', { expectation: next })
  // Before the confirm window both are named once more.
  await expected.loaded('haproxy', { expectation: next })
  assert.deepEqual(expected.get(), next)
  assert.equal(looks, 1)
  applied = next
  expected.settled()
  assert.deepEqual(expected.get(), next)
})

test('a node whose first release is taken back is asked for nothing', async () => {
  const expected = createExpectedNow({ applied: () => undefined, lookAtHaproxy: async () => undefined })
  await expected.loaded('haproxy', { expectation: expectation('first') })
  assert.equal(expected.get(), undefined)
  await expected.loaded('keepalived', { expectation: expectation('first') })
  assert.deepEqual(expected.get(), expectation('first'))
  expected.settled()
  assert.equal(expected.get(), undefined)
})

function expectation(name: string): Expectation {
  const address = name === 'before' ? '10.0.0.20' : '10.0.0.21'
  return {
    ...{ cluster: 'c', healthPort: name === 'before' ? 8405 : 8406, haproxyMetrics: 'builtin', advertIntervalMs: 100 },
    ...{ failbackMs: 0, dampingMs: 0, peers: [] },
    vips: [
      {
        ...{ name: 'v', address, virtualRouterId: 7, basePriority: 154, interface: 'eth0', prefer: ['one'] },
        ...{ requireHealthyOnce: false, prefixLength: 32, extraAddresses: [] },
      },
    ],
    services: [{ name, vip: 'v', address, port: 80, backend: `${name}-servers`, servers: 1, minimumServers: 1 }],
  }
}
