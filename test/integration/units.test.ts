import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { entries, writeTree } from '../../packaging/tree.ts'
import { exec } from '../../src/exec.ts'
import { missingPrograms } from '../support/requirements.ts'

const UNITS = 'usr/lib/systemd/system'
const PROGRAM = '#!/bin/sh\n'
/** What the units start besides lb-agent itself; verify looks whether they can be run. */
const STARTED = [
  ...['usr/bin/systemd-sysusers', 'usr/bin/systemd-tmpfiles', 'usr/lib/systemd/systemd-sysctl'],
  ...['bin/true', 'bin/kill', 'usr/bin/kill', 'usr/sbin/haproxy', 'usr/sbin/keepalived'],
]
/** systemd's own limit for "OK" is 4.9; Debian's haproxy.service has 9.6. */
const EXPOSURE_AT_MOST = 2.0

suite('the units as systemd reads them', { skip: missingPrograms('systemd-analyze') }, () => {
  let root = ''
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'lb-agent-units-'))
    writeProgram(join(root, 'node'))
    const tree = join(root, 'tree')
    writeTree(tree, entries(join(root, 'node')), 0)
    // The targets they belong to, and the units that the drop-ins are for.
    cpSync(join('/', UNITS), join(tree, UNITS), { recursive: true, force: false, verbatimSymlinks: true })
    for (const program of STARTED) writeProgram(join(tree, program))
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  for (const name of ['lb-agent', 'lb-agent-embedded', 'lb-agent-drain', 'lb-agent-setup', 'haproxy', 'keepalived']) {
    test(`systemd-analyze verify has no word to say of ${name}.service`, async () => {
      const verified = await analyze('verify', '--man=no', `--root=${join(root, 'tree')}`, `${name}.service`)
      assert.deepEqual(verified, { code: 0, output: '' })
    })
  }

  test('systemd-analyze verify finds what is wrong with a unit', async () => {
    const unit = join(root, 'tree', UNITS, 'wrong.service')
    writeFileSync(unit, '[Service]\nExecStart=/usr/bin/absent\nProtectSistem=strict\n')
    const { output } = await analyze('verify', '--man=no', `--root=${join(root, 'tree')}`, 'wrong.service')
    assert.match(output, /Unknown key (?:name )?'ProtectSistem'/)
    assert.match(output, /Command \/usr\/bin\/absent is not executable/)
  })

  for (const name of ['lb-agent', 'lb-agent-drain']) {
    test(`the sandbox of ${name}.service leaves an exposure of at most ${EXPOSURE_AT_MOST}`, async (t) => {
      const unit = join(root, 'tree', UNITS, `${name}.service`)
      const { output } = await analyze('security', '--offline=true', '--no-pager', unit)
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(output)?.[1])
      t.diagnostic(`${name}.service: ${exposure}`)
      assert.ok(exposure <= EXPOSURE_AT_MOST, output)
    })
  }
})

async function analyze(...args: readonly string[]): Promise<{ code: number | undefined; output: string }> {
  const result = await exec('systemd-analyze', args, { timeoutMs: 30_000 })
  return { code: result.kind === 'exited' ? result.code : undefined, output: `${result.stdout}${result.stderr}` }
}

function writeProgram(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, PROGRAM)
  chmodSync(path, 0o755)
}
