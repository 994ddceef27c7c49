import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { exec } from '../../src/exec.ts'

const CASES = join(import.meta.dirname, 'hand-written')
const MAIN = join(import.meta.dirname, '../../src/main.ts')

describe('prove of hand-written files', { concurrency: 2 }, () => {
  for (const name of readdirSync(CASES)) {
    test(`${name} is proved as its golden file says`, async () => {
      const directory = join(CASES, name)
      const golden = join(directory, 'expected.txt')
      const said = await whatProveSays(directory)
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, said)
      assert.equal(said, readFileSync(golden, 'utf8'))
    })
  }
})

/** As a person in that directory sees it: the command, what it prints, and the exit code. */
async function whatProveSays(directory: string): Promise<string> {
  const names = readdirSync(directory).sort()
  const haproxy = names.filter((name) => name.endsWith('.cfg'))
  const options = [
    ...['prove', '--keepalived', ...names.filter((name) => name.endsWith('.conf'))],
    ...(haproxy.length === 0 ? [] : ['--haproxy', ...haproxy]),
  ]
  const ended = await exec(process.execPath, [MAIN, ...options], { cwd: directory, timeoutMs: 30_000 })
  assert.equal(ended.kind, 'exited')
  const code = ended.kind === 'exited' ? ended.code : undefined
  return `$ lb-agent ${options.join(' ')}\n${ended.stdout.toString('utf8')}${ended.stderr}exit ${code}\n`
}
