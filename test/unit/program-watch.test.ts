import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { type ProgramWatch, type Trial, watchProgram } from '../../src/host/program-watch.ts'
import { createSchedule } from '../../src/schedule.ts'

const LOOK_MS = 10

suite('the program on the disk', () => {
  let directory: string
  let file: string
  let watch: ProgramWatch
  /** What it says when it is asked, one after the other; the last one stands. */
  let answers: Trial[]
  let asked: number
  const raised = new Map<string, string>()
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-program-'))
    file = join(directory, 'bundle')
    writeFileSync(file, 'old')
    answers = [fit('1.0.0')]
    asked = 0
    raised.clear()
    watch = watchProgram({
      files: [file, join(directory, 'none')],
      running: '1.0.0',
      tryOut: async () => {
        asked += 1
        return (answers.length > 1 ? answers.shift() : answers[0]) ?? fit('')
      },
      onSuccessor: () => undefined,
      troubles: { raise: (key, text) => void raised.set(key, text), clear: (key) => void raised.delete(key) },
      log: pino({ level: 'silent' }),
      lookEveryMs: LOOK_MS,
    })
  })
  afterEach(() => {
    watch.close()
    rmSync(directory, { recursive: true })
  })

  test('is asked nothing for as long as it stays as it is', async () => {
    await sleep(10 * LOOK_MS)
    assert.equal(asked, 0)
  })

  test('of another version is shown once it has said so, and a successor once it has said so twice', async () => {
    answers = [fit('2.0.0')]
    appendFileSync(file, 'new')
    await holds(() => watch.onDisk() === '2.0.0')
    await holds(() => watch.successor() === '2.0.0')
    assert.equal(asked, 2)
  })

  test('that says another thing each time is no successor before it is consistent', async () => {
    answers = [unfit('half of it'), fit('2.0.0'), unfit('half of it'), fit('2.0.0'), fit('2.0.0')]
    appendFileSync(file, 'new')
    await holds(() => watch.successor() === '2.0.0')
    assert.equal(asked, 5)
    assert.deepEqual([...raised], [])
  })

  test('is no successor any more from the moment that it is replaced once more', async () => {
    answers = [fit('2.0.0')]
    appendFileSync(file, 'new')
    await holds(() => watch.successor() === '2.0.0')
    answers = [unfit('exit code 1')]
    appendFileSync(file, 'broken')
    assert.equal(watch.successor(), undefined)
    await holds(() => raised.has('program'))
    assert.deepEqual([watch.onDisk(), watch.successor()], [undefined, undefined])
    assert.equal(
      raised.get('program'),
      'the program on the disk is another one and cannot take over: exit code 1; lb-agent 1.0.0 goes on, but could not be started again: install it anew',
    )
    answers = [fit('1.0.0')]
    appendFileSync(file, 'as before')
    await holds(() => !raised.has('program'))
    assert.equal(watch.successor(), undefined)
  })

  test('a schedule that is over ends between passes, once nobody waits for one', async () => {
    let isOver = false
    const schedule = createSchedule(() => isOver)
    const { signal } = new AbortController()
    const waiting = schedule.next(60_000, signal)
    schedule.look()
    schedule.request(request('sync'))
    assert.equal((await waiting)?.cause, 'sync')
    isOver = true
    // While a pass is under way.
    schedule.look()
    schedule.request(request('rollback'))
    assert.equal((await schedule.next(60_000, signal))?.cause, 'rollback')
    assert.equal(await schedule.next(60_000, signal), undefined)
    isOver = false
    const next = schedule.next(60_000, signal)
    isOver = true
    schedule.look()
    assert.equal(await next, undefined)
  })
})

function fit(version: string): Trial {
  return { kind: 'fit', version }
}

function unfit(reason: string): Trial {
  return { kind: 'unfit', reason }
}

function request(cause: 'sync' | 'rollback') {
  const nothing = () => undefined
  return { cause, retry: false, acceptRewind: false, onProgress: nothing, done: nothing }
}

async function holds(test: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!test()) {
    assert.ok(performance.now() < deadline, 'not within five seconds')
    await sleep(1)
  }
}
