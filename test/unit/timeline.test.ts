import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecrets } from '../../src/secrets.ts'
import type { NewEvent } from '../../src/timeline/event.ts'
import { createTimeline } from '../../src/timeline/timeline.ts'
import { createTroubles } from '../../src/troubles.ts'
import { createWords } from '../../src/words.ts'

test('words of other programs come into the timeline clean, and so they are told and written', async (t) => {
  const bench = timelineBench(t)
  const reason = 'a \u001b[31mred\u001b[0m word\nauth_pass hunter2'
  const clean = 'a red word\nauth_pass …'
  const timeline = bench.open()
  const told: string[] = []
  timeline.onEvent((event) => told.push(event.kind === 'gate' ? event.reason : ''))
  timeline.add({ kind: 'gate', open: false, reason })
  await timeline.close()
  assert.deepEqual(told, [clean])
  assert.deepEqual(timeline.latest(5), [{ atMs: 1, kind: 'gate', open: false, reason: clean }])
  assert.match(readFileSync(bench.file, 'utf8'), /"open":false,"reason":"a red word\\nauth_pass …"}\n$/)
})

const GATE: NewEvent = { kind: 'gate', open: false, reason: 'HAProxy does not listen' }

test('what was added is there for the next agent, in its order', async (t) => {
  const bench = timelineBench(t)
  const timeline = bench.open()
  timeline.add(GATE)
  timeline.add({ kind: 'clock', jumpMs: -5 })
  await timeline.close()
  assert.deepEqual(bench.open().latest(10), [
    { atMs: 1, ...GATE },
    { atMs: 2, kind: 'clock', jumpMs: -5 },
  ])
})

test('half a line, a damaged line and a kind of a later version are skipped, and swallow no other', async (t) => {
  const bench = timelineBench(t)
  const line = JSON.stringify({ atMs: 1, ...GATE })
  const wrong = [
    line.slice(0, 20),
    '{"atMs":1}',
    '{"atMs":1,"kind":"later"}',
    '{"atMs":"x","kind":"clock","jumpMs":1}',
    '[]',
  ]
  appendFileSync(bench.file, `${wrong.join('\n')}\n${line}\n\u0000\u0000\n${line.slice(0, 30)}`)
  const timeline = bench.open()
  timeline.add({ kind: 'clock', jumpMs: 7 })
  await timeline.close()
  assert.deepEqual(
    bench
      .open()
      .latest(10)
      .map(({ kind }) => kind),
    ['gate', 'clock'],
  )
})

test('two files of bounded size are kept, and the newest events', async (t) => {
  const bench = timelineBench(t)
  const timeline = bench.open(2_000)
  for (let count = 0; count < 200; count += 1) {
    timeline.add({ kind: 'clock', jumpMs: count })
    if (count % 5 === 0) await sleep(1)
  }
  await timeline.close()
  assert.ok(statSync(bench.file).size <= 2_000)
  assert.ok(statSync(`${bench.file}.1`).size <= 2_000)
  const kept = bench.open().latest(1_000)
  assert.ok(kept.length > 20)
  const jumps = kept.map((event) => (event.kind === 'clock' ? event.jumpMs : -1))
  assert.deepEqual(
    jumps,
    jumps.map((_, index) => 200 - jumps.length + index),
  )
})

test('a file that cannot be written is a trouble, its events stay known, and are written once it can', async (t) => {
  const bench = timelineBench(t)
  mkdirSync(bench.file)
  const timeline = bench.open()
  timeline.add(GATE)
  await timeline.close()
  assert.deepEqual(
    bench.troubles.list().map(({ text }) => text),
    [
      `the timeline ${bench.file} cannot be written: EISDIR: illegal operation on a directory, open '${bench.file}'; its newest events are kept in memory`,
    ],
  )
  assert.deepEqual(timeline.latest(1), [{ atMs: 1, ...GATE }])
  rmdirSync(bench.file)
  timeline.add({ kind: 'clock', jumpMs: 3 })
  while (bench.troubles.list().length > 0) await sleep(5)
  assert.deepEqual(bench.open().latest(10), timeline.latest(10))
})

test('a full file that somebody has deleted is begun anew', async (t) => {
  const bench = timelineBench(t)
  const timeline = bench.open(300)
  for (let count = 0; count < 5; count += 1) timeline.add(GATE)
  await timeline.close()
  rmSync(bench.file)
  timeline.add({ kind: 'clock', jumpMs: 3 })
  for (let count = 0; count < 5; count += 1) timeline.add(GATE)
  await timeline.close()
  assert.deepEqual(bench.troubles.list(), [])
  assert.match(readFileSync(bench.file, 'utf8'), /"kind":"clock"/)
})

test('of a daemon that dies again and again the first five times and the newest are told', async (t) => {
  const bench = timelineBench(t)
  const timeline = bench.open()
  timeline.add(GATE)
  for (let count = 0; count < 300; count += 1) {
    timeline.add({ kind: 'daemon', unit: 'haproxy', what: 'died', reason: 'ended with exit code 1' })
    timeline.add({ kind: 'daemon', unit: 'haproxy', what: 'started', reason: 'after it died' })
  }
  await timeline.close()
  const told = timeline.latest(100)
  assert.equal(told.length, 13)
  assert.deepEqual(told.slice(-2), [
    {
      ...{ atMs: 600, kind: 'daemon', unit: 'haproxy', what: 'died' },
      reason: 'ended with exit code 1 (300 times in a row, only the first 5 and the newest are told)',
    },
    {
      ...{ atMs: 601, kind: 'daemon', unit: 'haproxy', what: 'started' },
      reason: 'after it died (300 times in a row, only the first 5 and the newest are told)',
    },
  ])
  assert.equal(bench.open().latest(100).length, 13)
})

test('a listener that throws hinders neither the timeline nor the other listeners', async (t) => {
  const bench = timelineBench(t)
  const timeline = bench.open()
  const heard: string[] = []
  timeline.onEvent(() => assert.fail('not mine'))
  timeline.onEvent(({ kind }) => heard.push(kind))
  timeline.add(GATE)
  await timeline.close()
  assert.deepEqual(heard, ['gate'])
  assert.equal(readFileSync(bench.file, 'utf8'), `${JSON.stringify({ atMs: 1, ...GATE })}\n`)
})

function timelineBench(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-timeline-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'timeline.jsonl')
  const words = createWords(createSecrets().hide)
  let clock = 0
  const now = (): number => {
    clock += 1
    return clock
  }
  const troubles = createTroubles(() => 0, words)
  const open = (maxBytes?: number) =>
    createTimeline({ file, now, words, troubles, retryAfterMs: 20, ...(maxBytes === undefined ? {} : { maxBytes }) })
  return { file, troubles, open }
}
