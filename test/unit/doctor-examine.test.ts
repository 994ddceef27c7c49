import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examine } from '../../src/doctor/check.ts'
import type { Examined } from '../../src/doctor/examined.ts'
import { ok, problem } from '../../src/doctor/verdicts/verdict.ts'

test('a check that fails or takes too long cannot tell, and keeps no other from telling', async () => {
  const node = {} as Examined
  const findings = await examine(node, [
    { family: 'a', name: 'late', withinMs: 10, look: () => new Promise(() => undefined) },
    { family: 'a', name: 'broken', look: () => Promise.reject(new Error('no such file')) },
    { family: 'b', name: 'x', look: async () => ({ one: ok('Well.'), two: problem('Bad\u001b[31m.', 'mend it') }) },
  ])
  assert.deepEqual(findings, [
    { family: 'a', about: 'late', kind: 'cannot tell', why: 'Nothing was seen within 0.01 s.', fix: null },
    { family: 'a', about: 'broken', kind: 'cannot tell', why: 'The look failed: no such file.', fix: null },
    { family: 'b', about: 'one', kind: 'ok', why: 'Well.' },
    { family: 'b', about: 'two', kind: 'problem', why: 'Bad.', fix: 'mend it' },
  ])
})
