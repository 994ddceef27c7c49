import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { FAULT_KINDS, type Fault, type ProofCluster, type Router } from '../../src/proof/model.ts'
import { proofOfSpec } from '../../src/proof/of-spec.ts'
import type { Outcome } from '../../src/proof/outcome.ts'
import { outcomesAfter, takeoverTable } from '../../src/proof/table.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { cluster, router, tracker } from '../support/proof-cluster.ts'
import { lbFile } from './render-arbitrary.ts'

/** Any cluster that lb-agent renders. */
const rendered = lbFile.map((file): ProofCluster => {
  const parsed = parseSpec(JSON.stringify(file), 'lb.yaml')
  assert.ok(parsed.kind === 'spec', JSON.stringify(parsed))
  return proofOfSpec(parsed.spec)
})

/** Any faults, several on one node too; a pick is a node and a kind, taken modulo what there is. */
const picks = fc.array(fc.record({ node: fc.nat(), kind: fc.nat() }), { maxLength: 6 })
type Picks = readonly { node: number; kind: number }[]

function faultsOf({ nodes }: ProofCluster, chosen: Picks): Fault[] {
  return chosen.map(({ node, kind }) => ({
    node: nodes[node % nodes.length]?.name ?? '',
    kind: FAULT_KINDS[kind % FAULT_KINDS.length] ?? 'node-lost',
  }))
}

/** One serving node at least may have the VIP, so exactly one has it, and serves. */
function assertServed(outcome: Outcome): void {
  assert.deepEqual(outcome.oneOf, [])
  assert.ok(outcome.holders.length < 2, `two holders: ${JSON.stringify(outcome)}`)
  if (outcome.could.length > 0) assert.deepEqual([outcome.holders.length, outcome.serving], [1, outcome.holders])
}

suite('any cluster that lb-agent renders', () => {
  test('gives each VIP to the first of prefer', () => {
    fc.assert(
      fc.property(rendered, (proof) => {
        const outcomes = outcomesAfter(proof, [])
        const first = proof.vips.map(({ prefer = [] }) => prefer[0])
        assert.deepEqual(
          outcomes.map(({ holders }) => holders),
          first.map((node) => [node]),
        )
      }),
    )
  })

  test('has exactly one holder that serves, under all faults that leave one, and as they come and go', () => {
    fc.assert(
      fc.property(rendered, fc.array(picks, { minLength: 1, maxLength: 4 }), (proof, walk) => {
        const sequence = walk.map((chosen) => faultsOf(proof, chosen))
        for (const [at] of sequence.entries()) outcomesAfter(proof, sequence.slice(0, at + 1)).forEach(assertServed)
      }),
      { numRuns: 150 },
    )
  })

  test('has no second holder when one of its faults ends', () => {
    fc.assert(
      fc.property(rendered, picks, fc.nat(), (proof, chosen, ends) => {
        const faults = faultsOf(proof, chosen)
        const left = faults.filter((_, at) => at !== ends % faults.length)
        outcomesAfter(proof, [faults, left]).forEach(assertServed)
      }),
      { numRuns: 150 },
    )
  })

  test('has a table in which every fault that leaves a serving node is served', () => {
    fc.assert(
      fc.property(rendered, (proof) => {
        for (const { rows } of takeoverTable(proof)) for (const { outcome } of rows) assertServed(outcome)
      }),
      { numRuns: 30 },
    )
  })
})

/** Instances as nobody should write them: each hears some of the others, and ties, delays and groups are mixed. */
const anyRouter = fc.record({
  node: fc.constantFrom('a', 'b', 'c', 'd'),
  virtualRouterId: fc.constantFrom(7, 8),
  priority: fc.constantFrom(1, 90, 100, 110, 254, 255),
  version: fc.constantFrom<2 | 3>(2, 3),
  advertMs: fc.constantFrom(100, 1_000),
  nopreempt: fc.boolean(),
  preemptDelayMs: fc.constantFrom(0, 0, 5_000),
  startsAsMaster: fc.boolean(),
  checksSource: fc.boolean(),
  tracksInterface: fc.boolean(),
  syncGroup: fc.constantFrom(undefined, undefined, 'G'),
  unicastPeers: fc.option(fc.subarray(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']), { nil: undefined }),
  addresses: fc.constantFrom(['10.0.0.100'], ['10.0.0.100', '10.0.0.101']),
  trackers: fc.constantFrom(
    [],
    [tracker('file', 0, { 'haproxy-dead': 'FAULT' })],
    [tracker('script', 20, { 'haproxy-dead': 0 }), tracker('file', 0, { 'haproxy-dead': -10 }, [])],
  ),
})
const anyCluster = fc
  .uniqueArray(anyRouter, { minLength: 1, maxLength: 8, selector: (one) => `${one.node} ${one.virtualRouterId}` })
  .map((routers) =>
    cluster(routers.map(({ node, ...more }): Router => router(node, { ...more, advertised: more.addresses }))),
  )

suite('any cluster at all', () => {
  test('comes to rest, with a bound that is the sum of its terms', () => {
    fc.assert(
      fc.property(anyCluster, fc.array(picks, { maxLength: 3 }), (proof, walk) => {
        const names = proof.nodes.map(({ name }) => name)
        const sequence = walk.map((chosen) => faultsOf(proof, chosen))
        for (const { holders, oneOf, serving, could, bound } of outcomesAfter(proof, sequence)) {
          for (const nodes of [holders, oneOf, serving, could])
            assert.deepEqual(
              nodes,
              names.filter((name) => nodes.includes(name)),
            )
          assert.deepEqual(
            serving.filter((node) => !could.includes(node)),
            [],
          )
          assert.equal(
            bound?.ms,
            bound?.terms.reduce((total, { ms }) => total + ms, 0),
          )
        }
      }),
      { numRuns: 400 },
    )
  })

  test('has rows that say what each of their faults does by itself', () => {
    fc.assert(
      fc.property(anyCluster, (proof) => {
        for (const [index, { healthy, rows }] of takeoverTable(proof).entries()) {
          assert.deepEqual(healthy, outcomesAfter(proof, [])[index])
          for (const { faults, outcome } of rows) assert.deepEqual(outcome, outcomesAfter(proof, [faults])[index])
        }
      }),
      { numRuns: 40 },
    )
  })
})
