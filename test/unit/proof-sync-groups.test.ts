import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Fault, ProofCluster, Router } from '../../src/proof/model.ts'
import { outcomesAfter } from '../../src/proof/table.ts'
import { cluster, router, tracker } from '../support/proof-cluster.ts'
import { bound, dead, fault } from '../support/proof-outcomes.ts'

suite('sync groups', () => {
  const grouped = (node: string, id: number, more: Partial<Router> = {}): Router =>
    router(node, {
      virtualRouterId: id,
      syncGroup: 'G',
      addresses: [`10.0.0.${id}`],
      advertised: [`10.0.0.${id}`],
      ...more,
    })
  const nodes = (first: Partial<Router>, second: Partial<Router>): ProofCluster =>
    cluster([grouped('a', 71, first), grouped('a', 72, second), grouped('b', 71), grouped('b', 72)])
  const all = (of: ProofCluster, ...sequence: (readonly Fault[])[]): string[] =>
    outcomesAfter(of, sequence).map((outcome) => outcome.holders.join(' and '))

  test('FAULT of one member takes the others along, each with priority 0', () => {
    const of = nodes({ priority: 110, trackers: [fault] }, { priority: 110 })
    assert.deepEqual(all(of), ['a', 'a'])
    assert.deepEqual(all(of, [dead('a')]), ['b', 'b'])
    assert.equal(bound(of, [dead('a')]), '66 ms: noticed + skew of 100')
    assert.deepEqual(all(of, [dead('a')], []), ['a', 'a'])
  })

  test('a lower priority of one member moves nothing while another member is the higher one', () => {
    const of = nodes({ priority: 110, trackers: [tracker('file', 0, { 'haproxy-dead': -20 })] }, { priority: 110 })
    assert.deepEqual(all(of, [dead('a')]), ['a', 'a'])
  })
})
