import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { type Command, checkKeepalivedFile } from '../../src/daemons/check-file.ts'
import { exec } from '../../src/exec.ts'
import { missingForDaemons } from '../support/requirements.ts'

const GOLDEN = join(import.meta.dirname, '../golden/cases/one-pair/lb1.keepalived.conf')
const NOBODY = 65534

/** With `supervisor: systemd` the agent is no root, and the scripts of its files run as root. */
suite('keepalived -t by a user who is not root', { skip: missingForDaemons(), timeout: 30_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent-user-'))
  const namespace = `lb-user-${process.pid}`
  const file = join(base, 'keepalived.conf')
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const command: Command = ['ip', 'netns', 'exec', namespace, 'setpriv', ...ids, 'keepalived']
  // Any program will do; it is looked at, not run.
  const golden = readFileSync(GOLDEN, 'utf8').replace(/script "\S+/, 'script "/usr/bin/true')
  before(async () => {
    chmodSync(base, 0o755)
    for (const args of [
      ['netns', 'add', namespace],
      ['-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1'],
      ['-n', namespace, 'address', 'add', '10.0.0.11/24', 'dev', 'eth0'],
      ['-n', namespace, 'link', 'set', 'eth0', 'up'],
    ])
      assert.equal((await exec('ip', args, { timeoutMs: 5_000 })).kind, 'exited')
  })
  const { getuid } = process
  afterEach(() => {
    if (getuid !== undefined) process.getuid = getuid
  })
  after(async () => {
    await exec('ip', ['netns', 'del', namespace], { timeoutMs: 5_000 })
    rmSync(base, { recursive: true, force: true })
  })

  test('accepts a script that only root may look at', async () => {
    writeFileSync(file, golden)
    const asRoot = await checkKeepalivedFile(command, file)
    assert.deepEqual(asRoot, { kind: 'refused', output: 'Disabling track script haproxy_serves due to insecure' })
    process.getuid = () => NOBODY
    assert.deepEqual(await checkKeepalivedFile(command, file), { kind: 'passed' })
  })

  test('still refuses what else is wrong with the file', async () => {
    process.getuid = () => NOBODY
    writeFileSync(file, golden.replace('advert_int', 'advert_interval'))
    const check = await checkKeepalivedFile(command, file)
    assert.equal(check.kind, 'refused')
    assert.match(check.kind === 'refused' ? check.output : '', /Unknown keyword 'advert_interval'/)
  })
})
