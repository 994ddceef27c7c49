import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { createSuspensions } from '../../src/apply/suspension.ts'
import { createEmbeddedUnit } from '../../src/daemons/embedded-unit.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { answersAt } from '../../src/observe/answers-at.ts'
import { watchDrift } from '../../src/observe/drift.ts'
import { withoutDescriptors } from '../support/no-descriptors.ts'

/** What would end the agent, as `run` lets it, ends the test. */
suite('an agent that has no descriptor left', () => {
  test('starts no child, and says so', async () => {
    assert.deepEqual(await withoutDescriptors(() => exec('true', [], { timeoutMs: 5_000 })), {
      kind: 'unstartable',
      file: 'true',
      stdout: Buffer.alloc(0),
      stderr: 'spawn true EMFILE',
    })
  })

  test('cannot start a child with too much to say to it either, and says so', async () => {
    const result = await exec('true', ['x'.repeat(4_000_000)], { timeoutMs: 5_000 })
    assert.deepEqual({ kind: result.kind, stderr: result.stderr }, { kind: 'unstartable', stderr: 'spawn E2BIG' })
  })

  test('tells of a daemon that dies, and starts it once it can', async (t) => {
    const { unit, events } = await embedded(t)
    const first = unit.state()
    assert.ok(first.kind === 'running')
    await withoutDescriptors(async () => {
      process.kill(first.pid, 'SIGKILL')
      await until('a start has failed', 5_000, async () => events.length > 2)
    })
    await until('it runs again', 10_000, async () => unit.state().kind === 'running')
    assert.deepEqual(events.slice(0, 3), [
      'started ',
      'died ended by SIGKILL',
      `died could not be started: EMFILE: too many open files, open '${unit.logFile}'`,
    ])
    assert.equal(events.at(-1), 'started after it died')
  })

  test('does not say that it has started a daemon which it could not', async (t) => {
    const { unit, events } = await embedded(t)
    await unit.stop(new AbortController().signal)
    const outcome = await withoutDescriptors(() => unit.reloadOrStart(new AbortController().signal))
    assert.deepEqual(outcome, {
      kind: 'failed',
      reason: `haproxy could not be started: EMFILE: too many open files, open '${unit.logFile}'`,
    })
    assert.deepEqual(events, ['started '])
  })

  test('goes on looking whether a suspension is over, and finds it', async (t) => {
    let ended = 0
    const suspensions = createSuspensions(join(temporary(t), 'suspension.json'), {
      now: Date.now,
      onEnd: () => {
        ended += 1
      },
      troubles: { raise: () => undefined, clear: () => undefined },
    })
    t.after(suspensions.close)
    await suspensions.begin({ forMs: 500, reason: 'audit' })
    await withoutDescriptors(() => until('it is over', 5_000, async () => ended === 1))
  })

  test('takes no live file for missing, and goes on when the kernel cannot tell it of edits', async (t) => {
    const file = join(temporary(t), 'haproxy.cfg')
    writeFileSync(file, 'one')
    const drift = await withoutDescriptors(async () => {
      const watch = watchDrift([file], { onChange: () => undefined })
      watch.expect(new Map([[file, 'one']]))
      // By then chokidar has tried.
      await sleep(200)
      return watch
    })
    t.after(drift.close)
    assert.deepEqual({ drifts: drift.drifts(), age: drift.ageMs() }, { drifts: [], age: undefined })
    drift.expect(new Map([[file, 'two']]))
    assert.deepEqual(drift.drifts(), [{ file, what: 'changed' }])
  })

  test('cannot tell whether another machine answers', async () => {
    assert.equal(await withoutDescriptors(() => answersAt('127.0.0.1', [1], 1_000)), undefined)
    assert.equal(await answersAt('127.0.0.1', [1], 1_000), true)
  })
})

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-no-descriptors-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** A unit that has started its daemon. */
async function embedded(t: TestContext) {
  const directory = temporary(t)
  const logFile = join(directory, 'log', 'haproxy.log')
  mkdirSync(join(directory, 'log'))
  const events: string[] = []
  const unit = createEmbeddedUnit({
    ...{ name: 'haproxy', binary: 'sleep', args: ['60'], pidFile: join(directory, 'haproxy.pid'), childPidFiles: [] },
    ...{ logFile, reloadSignal: 'SIGHUP', stopSignals: ['SIGTERM'], log: pino({ level: 'silent' }) },
    onEvent: (what, reason) => events.push(`${what} ${reason}`),
  })
  t.after(async () => {
    await unit.stop(new AbortController().signal)
    unit.close()
  })
  assert.deepEqual(await unit.reloadOrStart(new AbortController().signal), { kind: 'done' })
  return { unit: { ...unit, logFile }, events }
}
