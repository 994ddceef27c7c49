import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { chooseFaults } from '../../src/cli/drill-faults.ts'
import { type DrillStep, runDrill } from '../../src/drill/run-drill.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { specText } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** One of each kind: what moves by the gate, by silence and by the score, what must move nothing, and what this pair cannot have. */
const NAMES = 'haproxy-kill,agent-hang,node-cut,drain,haproxy-kill-pair'

suite('faults of the drill', { skip: missingForDaemons(), timeout: 150_000 }, () => {
  test('each moves the VIP as often as it should, and a pair leaves out what needs three nodes', async () => {
    const text = specText()
    const parsed = parseSpec(text, 'lb.yaml')
    const chosen = chooseFaults(NAMES)
    assert.ok(parsed.kind === 'spec' && chosen.kind === 'faults')
    const steps: DrillStep[] = []
    const report = await runDrill(
      {
        spec: parsed.spec,
        text,
        files: {},
        faults: chosen.faults,
        rounds: 1,
        everyMs: 20,
        hangMs: 4_000,
        onStep: (step) => void steps.push(step),
        beforeEnd: async () => undefined,
      },
      new AbortController().signal,
    )
    assert.deepEqual(
      report.faults.map(({ fault, why, moves, from, to }) => ({
        fault,
        why,
        moves: moves.max,
        from,
        to,
      })),
      [
        { fault: 'haproxy-kill', why: [], moves: 1, from: 'one', to: 'two' },
        { fault: 'agent-hang', why: [], moves: 0, from: 'one', to: 'one' },
        { fault: 'node-cut', why: [], moves: 1, from: 'one', to: 'two' },
        { fault: 'drain', why: [], moves: 1, from: 'one', to: 'two' },
      ],
    )
    const cut = report.faults.find(({ fault }) => fault === 'node-cut')
    assert.ok((cut?.togetherWithCutMs.max ?? 0) > 500, 'the node that was cut off keeps its VIP')
    assert.deepEqual(
      steps.filter(({ kind }) => kind === 'skipped'),
      [{ kind: 'skipped', fault: 'haproxy-kill-pair', reason: 'the first VIP has fewer than three nodes to go to' }],
    )
  })
})
