import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { LABS } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { specText } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { remains } from './lab-fixture.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const HEARD = 'lb-agent: interrupted; what is under way ends, then the lab is removed\n'

suite('a drill that is interrupted in its last round', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  for (const [when, seen] of [
    ['while it measures', /^… drain 1\/1/m],
    ['when it has measured and mends', /^✓ drain:/m],
  ] as const)
    test(`says at once that it heard, and ends with 130, without a table and without a lab, ${when}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'lb-interrupted-'))
      writeFileSync(join(directory, 'lb.yaml'), specText())
      const child = spawn(process.execPath, [MAIN, 'drill', directory, '--faults', 'drain', '--every', '20'])
      try {
        const told = { out: '', err: '' }
        child.stdout.on('data', (data) => {
          told.out += String(data)
        })
        child.stderr.on('data', (data) => {
          told.err += String(data)
        })
        const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
        await until(`it says ${seen}`, 60_000, async () => child.exitCode !== null || seen.test(told.out))
        const lab = labOf(child)
        child.kill('SIGINT')
        await until('it has said that it heard', 2_000, async () => told.err !== '')
        assert.equal(told.err, HEARD)
        assert.equal(await ended, 130)
        assert.equal(told.err, `${HEARD}lb-agent: interrupted; the lab is removed\n`)
        assert.doesNotMatch(told.out, /^fault /m)
        assert.deepEqual(await remains(lab), [])
      } finally {
        child.kill('SIGTERM')
        rmSync(directory, { recursive: true })
      }
    })
})

function labOf({ pid }: ChildProcess): string {
  const lab = readdirSync(LABS).find((id) => readFileSync(join(LABS, id, 'owner'), 'utf8').trim() === String(pid))
  assert.ok(lab !== undefined, 'the drill has a lab')
  return lab
}
