import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { createRecorder, type StageRecord } from '../../src/apply/stage-record.ts'
import { createPassLog } from '../../src/pass-log.ts'
import type { PassRecord } from '../../src/pass-record.ts'
import { createSecrets } from '../../src/secrets.ts'
import { createTroubles } from '../../src/troubles.ts'
import { createWords, forTerminal } from '../../src/words.ts'

const SAID =
  'refused: \u001b[31mred\u001b[0m\u001b]0;title\u0007\n  stats auth ada:hunter2\r\nsesame-\u001b[1mopen \u202egpj'
const CLEAN = 'refused: red\n  stats auth ada:…\n… gpj'

function words() {
  const secrets = createSecrets()
  secrets.know(['sesame-open'])
  return createWords(secrets.hide)
}

test('several lines stay several, at any depth, and nothing but texts changes', () => {
  const when = { atMs: 5, open: true, none: null, missing: undefined }
  assert.deepEqual(words()({ ...when, deep: [{ 'na\u0007me': SAID }] }), { ...when, deep: [{ 'na me': CLEAN }] })
})

test('a stage is recorded, and goes on, in clean words', async () => {
  const records: StageRecord[] = []
  const record = createRecorder(
    () => 5,
    words(),
    (entry) => records.push(entry),
  )
  const failed = await record('check', async () => ({ kind: 'failed', reason: SAID, rejects: true }))
  const ended = await record('fetch', async () => ({ kind: 'ok', value: SAID, detail: SAID }))
  const thrown = await record('activate', () => Promise.reject(new Error(SAID)))
  assert.deepEqual(failed, { kind: 'failed', reason: CLEAN, rejects: true })
  // The value is what the next stage works with, not what anybody is shown.
  assert.deepEqual(ended, { kind: 'ok', value: SAID, detail: CLEAN })
  assert.deepEqual(thrown, { kind: 'failed', reason: CLEAN, rejects: false })
  assert.deepEqual(
    records.map(({ detail }) => detail),
    [CLEAN, CLEAN, CLEAN],
  )
})

test('a trouble is raised in clean words', () => {
  const troubles = createTroubles(() => 1, words())
  troubles.raise('hook', SAID)
  assert.deepEqual(troubles.list(), [{ key: 'hook', text: CLEAN, sinceMs: 1 }])
})

test('a pass ends in clean words, for status, for the one who waits for it, and for the timeline', () => {
  const told: unknown[] = []
  const ended: PassRecord[] = []
  const passes = createPassLog(
    () => 1,
    words(),
    pino({ level: 'silent' }),
    (pass) => ended.push(pass),
  )
  const pass = passes.begin((event) => told.push(event))
  const revision = { sha: 'a'.repeat(40), committedAtMs: 1, subject: 'use ghp_0123456789abcdefghij', author: 'Ada' }
  pass.setRevision(revision)
  pass.end({ kind: 'rejected', stage: 'check', reason: SAID })
  const shown = { ...revision, subject: 'use …' }
  const result = { kind: 'rejected', stage: 'check', reason: CLEAN }
  assert.deepEqual(passes.desired(), shown)
  assert.deepEqual([passes.lastTelling()?.revision, passes.lastTelling()?.result], [shown, result])
  assert.deepEqual(told, [{ result, revision: shown }])
  assert.deepEqual(
    ended.map((record) => record.result),
    [result],
  )
})

test('a terminal gets the words of any agent without sequences, whatever that agent is', () => {
  assert.deepEqual(forTerminal({ text: 'a \u001b[2J\u009bb\nc' }), { text: 'a  b\nc' })
})

test('words that are clean stay as they are when they are taken in again', () => {
  const take = words()
  const parts = [
    'auth_pass ',
    'X-Api-Key ',
    'stats auth a:',
    '--token ',
    'hunter2',
    'https://a@b ',
    '\n',
    '"',
    '=',
    ' ',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (found) => {
      const once = take(found.join(''))
      assert.equal(take(once), once)
    }),
  )
})

test('of a text that is too long a word is not cut in two: half a secret would not be known for one', () => {
  const said = `${'x '.repeat(29_996)}sesame-open`
  assert.equal(said.slice(0, 60_000).endsWith('sesame-o'), true)
  assert.equal(words()(said).slice(-4), 'x x …'.slice(-4))
  assert.doesNotMatch(words()(said), /sesame/)
})

test('a hostile text of any length does not take long', () => {
  const take = words()
  const texts = [
    'a',
    'a://',
    '=',
    'secret',
    ' --token',
    '_pass',
    'x-key ',
    'stats auth a',
    'user a ',
    'hdr "',
    '$5$',
    '\n',
  ]
  const startedAt = performance.now()
  for (const text of texts) take(text.repeat(100_000))
  const tookMs = performance.now() - startedAt
  assert.ok(tookMs < 3_000, `${Math.round(tookMs)} ms`)
})
