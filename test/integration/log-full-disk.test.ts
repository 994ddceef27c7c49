import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { skip } from './lab-fixture.ts'

const LOGS_WHEN_TOLD = `
import { createInterface } from 'node:readline'
import { createAgentLog } from ${JSON.stringify(join(import.meta.dirname, '../../src/log/agent-log.ts'))}
const { log } = await createAgentLog({ level: 'info', form: 'json' }, { hide: (text) => text })
for await (const line of createInterface({ input: process.stdin })) {
  log.info({ about: line }, line)
  process.stderr.write('.')
}
`

suite('a log on a full disk', { skip, timeout: 30_000 }, () => {
  test('ends no agent, and takes its lines once there is space again', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'lb-agent-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
    const file = openSync(join(disk, 'log'), 'a')
    try {
      assert.throws(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(128 * 1024)), { code: 'ENOSPC' })
      const logger = spawn(process.execPath, ['--input-type=module', '-e', LOGS_WHEN_TOLD], {
        stdio: ['pipe', file, 'pipe'],
      })
      const ended = once(logger, 'exit')
      let dots = ''
      logger.stderr?.on('data', (text) => {
        dots += text
      })
      for (const line of ['first', 'second']) {
        const before = dots.length
        logger.stdin?.write(`${line}\n`)
        await until(`${line} was logged`, 10_000, async () => dots.length > before || logger.exitCode !== null)
      }
      assert.equal(readFileSync(join(disk, 'log'), 'utf8'), '')
      rmSync(join(disk, 'filler'))
      logger.stdin?.end('third\n')
      assert.deepEqual([await ended, dots], [[0, null], '...'])
      const lines = readFileSync(join(disk, 'log'), 'utf8').trim().split('\n')
      assert.deepEqual(
        lines.map((line) => JSON.parse(line).msg),
        ['first', 'second', 'third'],
      )
    } finally {
      closeSync(file)
      execFileSync('umount', ['--lazy', disk])
      rmSync(disk, { recursive: true })
    }
  })
})
