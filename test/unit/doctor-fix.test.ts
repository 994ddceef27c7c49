import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dryRunText, mendingText, reportOf } from '../../src/cli/doctor-text.ts'
import type { Finding } from '../../src/doctor/check.ts'
import { mendAll, mendable } from '../../src/doctor/mend-all.ts'
import type { Performed } from '../../src/doctor/perform.ts'
import { run, sayStep } from '../../src/doctor/verdicts/mend.ts'
import { ok, problem, type Verdict } from '../../src/doctor/verdicts/verdict.ts'

function finding(about: string, verdict: Verdict): Finding {
  return { family: 'f', about, ...verdict }
}

const WELL = ok('Well.')
const MENDABLE = problem('Bad.', 'mend it', [run('mend', 'it'), run('and', 'this')])

/** Looks that find one list after the other, and steps that end as `outcomes` says; they are written down. */
function scene(looks: readonly (readonly Finding[])[], outcomes: Readonly<Record<string, Performed>> = {}) {
  const told: string[] = []
  const interruption = new AbortController()
  let looked = 0
  const tools = {
    look: async () => [...(looks[Math.min(looked++, looks.length - 1)] ?? [])],
    perform: async (step: Parameters<typeof sayStep>[0]): Promise<Performed> =>
      outcomes[sayStep(step)] ?? { kind: 'done' },
    onBegin: ({ about }: Finding, step: string) => told.push(`${about}: ${step}`),
    onEnd: ({ kind }: Performed) => told.push(kind),
    signal: interruption.signal,
  }
  return { tools, told, interruption, looks: () => looked }
}

test('mends what has a mend, looks again, and leaves the rest to a person', async () => {
  const left = finding('b', problem('Worse.', 'think'))
  const { tools, told, looks } = scene([
    [finding('a', MENDABLE), left],
    [finding('a', WELL), left],
  ])
  const mending = await mendAll(tools)
  assert.deepEqual(told, ['a: mend it', 'done', 'a: and this', 'done'])
  assert.equal(looks(), 2)
  assert.deepEqual(
    mending.mended.map(({ about }) => about),
    ['a'],
  )
  assert.deepEqual(mending.findings, [finding('a', WELL), left])
  assert.equal(
    mendingText('lb1', mending),
    '\nmended  f, a\n\nlb1: 1 problem, 0 cannot be told, 1 ok\n\nproblem  f, b: Worse.\n  → think',
  )
})

test('tries nothing twice, and ends a mend at the step that fails', async () => {
  const { tools, told, looks } = scene([[finding('a', MENDABLE)]], { 'mend it': { kind: 'failed', reason: 'no' } })
  const mending = await mendAll(tools)
  assert.deepEqual(told, ['a: mend it', 'failed'])
  assert.equal(looks(), 2)
  assert.deepEqual(mending.mended, [])
  assert.match(mendingText('lb1', mending), /^\nlb1: 1 problem, /)
})

test('mends what the first mend laid open', async () => {
  const next = problem('The agent does not see it.', 'restart it', [run('restart')])
  const { tools, told } = scene([[finding('a', MENDABLE)], [finding('a', next)], [finding('a', WELL)]])
  const { findings } = await mendAll(tools)
  assert.deepEqual(told, ['a: mend it', 'done', 'a: and this', 'done', 'a: restart', 'done'])
  assert.deepEqual(findings, [finding('a', WELL)])
})

test('what cannot be told any more is not called mended', async () => {
  const { tools } = scene([[finding('a', MENDABLE)], [finding('a', { kind: 'cannot tell', why: 'Late.', fix: null })]])
  assert.deepEqual((await mendAll(tools)).mended, [])
})

test('an interruption ends it between two steps', async () => {
  const { tools, told, interruption, looks } = scene([[finding('a', MENDABLE)]])
  const mending = await mendAll({
    ...tools,
    onEnd: (outcome) => {
      tools.onEnd(outcome)
      interruption.abort()
    },
  })
  assert.deepEqual(told, ['a: mend it', 'done'])
  assert.equal(looks(), 1)
  assert.equal(mending.interrupted, true)
  assert.equal(
    mendingText('lb1', mending),
    'Interrupted. The step above was done to the end, no other was begun; lb-agent doctor says what is left.',
  )
})

test('an interruption after a step that failed does not say that it was done', () => {
  const deed = (outcome: Performed) => ({ family: 'f', about: 'a', step: 'mend it', outcome })
  const [done, failed] = [deed({ kind: 'done' }), deed({ kind: 'failed', reason: 'no' })]
  const told = (...deeds: (typeof done)[]) =>
    mendingText('lb1', { deeds, findings: [], mended: [], interrupted: true }).split(',')[0]
  assert.equal(told(failed), 'Interrupted. The step above failed')
  assert.equal(told(failed, failed), 'Interrupted. The 2 steps above failed')
  assert.equal(told(done, done), 'Interrupted. The 2 steps above were done to the end')
  assert.equal(told(done, failed), 'Interrupted. Of the 2 steps above 1 was done to the end and 1 failed')
  assert.equal(told(done, done, failed), 'Interrupted. Of the 3 steps above 2 were done to the end and 1 failed')
})

test('says before what it would do, and to programs what it can', async () => {
  const findings = [finding('a', MENDABLE), finding('b', WELL)]
  assert.equal(
    dryRunText('lb1', findings, mendable(findings)),
    'doctor --fix would do this:\n  f, a: mend it\n  f, a: and this\n\nlb1: 1 problem, 0 cannot be told, 1 ok\n\nproblem  f, a: Bad.\n  → mend it\n  → or lb-agent doctor --fix: mend it; and this',
  )
  assert.match(dryRunText('lb1', [finding('b', WELL)], []), /^doctor --fix would do nothing\.\n/)
  assert.deepEqual(reportOf('lb1', findings), {
    ...{ format: 1, node: 'lb1', ok: false },
    checks: [
      { family: 'f', about: 'a', verdict: 'problem', why: 'Bad.', fix: 'mend it', mend: ['mend it', 'and this'] },
      { family: 'f', about: 'b', verdict: 'ok', why: 'Well.', fix: null, mend: null },
    ],
  })
})
