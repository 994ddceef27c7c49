import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBoundedQueue } from '../../src/notify/bounded-queue.ts'
import { findHooks } from '../../src/notify/find-hooks.ts'
import { headersOf, shownUrl, withoutSecrets } from '../../src/notify/secrets.ts'
import { createSecrets } from '../../src/secrets.ts'
import { createTroubles } from '../../src/troubles.ts'
import { createWords } from '../../src/words.ts'

const words = createWords(createSecrets().hide)

test('a webhook is shown without path and query, which are often the secret', () => {
  assert.equal(shownUrl('https://hooks.example.org/services/T0/B0/secret'), 'https://hooks.example.org/…')
  assert.equal(shownUrl('https://example.org:8443/?token=secret'), 'https://example.org:8443/…')
  assert.equal(shownUrl('http://10.0.0.1:9000'), 'http://10.0.0.1:9000')
})

test('a header comes from a file when it is a secret, and no message shows it', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-header-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'token')
  writeFileSync(file, 'Bearer hunter2\n')
  const { values, secrets } = headersOf({ 'X-Team': 'lb', Authorization: { file } })
  assert.deepEqual(values, { 'X-Team': 'lb', Authorization: 'Bearer hunter2' })
  assert.equal(
    withoutSecrets('cannot send Bearer hunter2 to https://a.lan/p?k=v or /p?k=v', 'https://a.lan/p?k=v', secrets),
    'cannot send … to … or …',
  )
  writeFileSync(file, 'two\nlines\n')
  assert.throws(() => headersOf({ Authorization: { file } }), {
    message: `header Authorization: ${file} does not hold one line of printable ASCII`,
  })
})

test('work is done in order, and the oldest that waits is given up when too much does', async () => {
  const done: number[] = []
  const dropped: number[] = []
  await new Promise<void>((resolve) => {
    const queue = createBoundedQueue<number>({
      size: 2,
      work: async (item) => {
        await new Promise((next) => setTimeout(next, 1))
        done.push(item)
        if (item === 1) throw new Error('a failure of one ends nothing')
      },
      onDrop: (item) => dropped.push(item),
      onEmpty: resolve,
    })
    for (const item of [1, 2, 3, 4]) queue.push(item)
  })
  assert.deepEqual(done, [1, 3, 4])
  assert.deepEqual(dropped, [2])
})

test('a trouble is over when its time has passed or what it is about is gone, whatever the wall clock says', () => {
  const clocks = { wallMs: 5_000, steadyMs: 0 }
  let exists = true
  const troubles = createTroubles(
    () => clocks.wallMs,
    words,
    () => clocks.steadyMs,
  )
  const keys = (): string[] => troubles.list().map(({ key }) => key)
  troubles.raise('lasting', 'until it is cleared')
  troubles.raise('short', 'once', { forMs: 100 })
  troubles.raise('file', 'while it is there', { forMs: 500, stands: () => exists })
  clocks.wallMs = 9_000_000
  clocks.steadyMs = 99
  assert.deepEqual(keys(), ['lasting', 'short', 'file'])
  troubles.raise('short', 'again', { forMs: 100 })
  clocks.steadyMs = 198
  exists = false
  assert.deepEqual(keys(), ['lasting', 'short'])
  clocks.steadyMs = 199
  troubles.raise('short', 'much later', { forMs: 100 })
  assert.deepEqual(troubles.list()[1], { key: 'short', text: 'much later', sinceMs: 9_000_000 })
})

test('a trouble that is raised again keeps the time since when', () => {
  let clock = 1
  const troubles = createTroubles(() => clock, words)
  troubles.raise('a', 'first')
  clock = 2
  troubles.raise('b', 'other')
  troubles.raise('a', 'second')
  assert.deepEqual(troubles.list(), [
    { key: 'a', text: 'second', sinceMs: 1 },
    { key: 'b', text: 'other', sinceMs: 2 },
  ])
  troubles.clear('a')
  assert.deepEqual(
    troubles.list().map(({ key }) => key),
    ['b'],
  )
})

// In CI a skip is a failure, so there the test runs and says what is missing.
const skip = process.getuid?.() !== 0 && process.env['CI'] === undefined ? 'needs root' : false

test('hooks that a group other than root’s can write are not run by root', { skip }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-hooks-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'master'))
  const file = join(directory, 'master', 'tell')
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o775)
  assert.deepEqual(findHooks(directory, 'MASTER'), { files: [file], refused: [] })
  chownSync(file, 0, 100)
  assert.deepEqual(findHooks(directory, 'MASTER'), {
    files: [],
    refused: [`${file} can be written by group 100, which is not root’s (chmod g-w ${file})`],
  })
  chmodSync(file, 0o755)
  chmodSync(directory, 0o775)
  chownSync(directory, 0, 100)
  assert.deepEqual(findHooks(directory, 'MASTER').refused, [
    `${directory} can be written by group 100, which is not root’s (chmod g-w ${directory})`,
  ])
})
