import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { createAgentLog } from '../../src/log/agent-log.ts'
import { createLogOutput, type OutputState } from '../../src/log/log-output.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** What is thrown where nobody catches it, as by an event without a listener, ends the agent, and these tests. */
suite('a log on a full disk', () => {
  test('takes the first line and every other without ending the agent, and says why nothing is written', async (t) => {
    const { log, states } = await logTo(t, '/dev/full')
    log.info({ about: 'one' }, 'first')
    for (let line = 0; line < 50; line += 1) log.info({ about: `line ${line}` }, 'another')
    assert.deepEqual(states, [{ kind: 'failing', reason: 'ENOSPC: no space left on device, write' }])
  })

  test('has whole lines again when there is room, the first that waited too, and says how many are lost', {
    skip: missingForDaemons(),
  }, async (t) => {
    const directory = await smallDisk(t)
    const file = join(directory, 'agent.log')
    const { log, states } = await logTo(t, file)
    log.info({ about: 'before' }, 'written')
    fill(join(directory, 'ballast'))
    const told = 1_000
    for (let line = 0; line < told; line += 1) log.info({ about: `line ${line}`, text: 'x'.repeat(1_000) }, 'told')
    assert.deepEqual(states, [{ kind: 'failing', reason: 'ENOSPC: no space left on device, write' }])

    rmSync(join(directory, 'ballast'))
    // By itself: on a quiet day nobody logs.
    await until('it is written', 10_000, async () => states.length > 1)
    log.info({ about: 'after' }, 'written')
    const abouts = linesOf(file).map(({ about }) => about)
    const kept = abouts.length - 2
    assert.ok(kept > 10 && kept < 200, `${kept} lines waited`)
    assert.deepEqual(abouts, ['before', ...Array.from({ length: kept }, (_, line) => `line ${line}`), 'after'])
    assert.deepEqual(states.slice(1), [{ kind: 'writing', leftOut: told - kept }])
  })
})

async function logTo(t: TestContext, file: string) {
  const descriptor = openSync(file, 'a')
  const output = createLogOutput(descriptor)
  const states: OutputState[] = []
  output.onChange((state) => states.push(state))
  const { log, close } = await createAgentLog({ level: 'info', form: 'json' }, { hide: (text) => text }, output)
  t.after(() => {
    close()
    output.close()
    closeSync(descriptor)
  })
  return { log, states }
}

async function smallDisk(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-full-'))
  const mounted = await exec('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', directory], { timeoutMs: 5_000 })
  assert.equal(mounted.kind === 'exited' ? mounted.code : mounted.kind, 0, mounted.stderr)
  t.after(async () => {
    await exec('umount', ['--lazy', directory], { timeoutMs: 5_000 })
    rmSync(directory, { recursive: true })
  })
  return directory
}

function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(4_096), { flag: 'a' })
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}

function linesOf(file: string): { about: string }[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
