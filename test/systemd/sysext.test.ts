import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { type ExecResult, exec } from '../../src/exec.ts'
import { packageFile } from '../support/booted-cluster.ts'
import { unpackExtension } from '../support/extension.ts'
import { missingForBoots, missingPrograms } from '../support/requirements.ts'

const skip = missingForBoots() || missingPrograms('systemd-sysext', 'systemd-dissect', 'unsquashfs')
const RELEASE = 'usr/lib/extension-release.d/extension-release.lb-agent'

// systemd-sysext ends with 0 also when it has refused everything, so each test reads what it says.
suite('the system extension, merged into a /usr of Flatcar', { skip, timeout: 120_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'lb-agent-sysext-'))
  const root = join(scratch, 'root')
  const extensions = join(root, 'var/lib/extensions')
  beforeEach(() => {
    rmSync(root, { recursive: true, force: true })
    for (const path of ['usr/lib', 'usr/bin', 'usr/sbin', 'etc', 'run', 'opt', 'var/lib/extensions'])
      mkdirSync(join(root, path), { recursive: true })
    // flatcar.org/docs: the level is the promise of a /usr that extensions may count on.
    writeFileSync(join(root, 'usr/lib/os-release'), 'ID=flatcar\nVERSION_ID=4593.2.0\nSYSEXT_LEVEL=1.0\n')
    writeFileSync(join(root, 'usr/sbin/theirs'), '')
  })
  after(() => rmSync(scratch, { recursive: true, force: true }))

  test('systemd takes the file for an extension of a system', async () => {
    const file = join(scratch, 'lb-agent.raw')
    cpSync(packageFile(/\.raw$/), file)
    const said = textOf(await exec('systemd-dissect', ['--no-pager', file], { timeoutMs: 30_000 }))
    assert.match(said, /Ext\. Rel\.: ID=_any\s+ARCHITECTURE=(?:x86-64|arm64)\s+EXTENSION_RELOAD_MANAGER=1/)
    assert.match(said, /[✓+] extension for system$/m)
  })

  test('it is merged, runs from there, and hides nothing', async () => {
    cpSync(packageFile(/\.raw$/), join(extensions, 'lb-agent.raw'))
    const said = await merge(root, `${root}/usr/lib/lb-agent/node --version; ls ${root}/usr/bin ${root}/usr/sbin`)
    assert.match(said, /Using extensions 'lb-agent'\./)
    assert.match(said, /^v24\./m)
    assert.match(said, /\/usr\/bin:\nlb-agent\n/)
    assert.match(said, /\/usr\/sbin:\ntheirs\n/)
  })

  test('under another name it is not merged', async () => {
    cpSync(packageFile(/\.raw$/), join(extensions, 'other.raw'))
    assert.match(await merge(root), /^Failed to read metadata for image other/m)
  })

  for (const [what, release, expected] of [
    ['another architecture', 'ID=_any\nARCHITECTURE=s390x\n', /1 ignored due to incompatible version/],
    ['another level', 'ID=flatcar\nSYSEXT_LEVEL=9.0\n', /1 ignored due to incompatible version/],
    ['this level', 'ID=flatcar\nSYSEXT_LEVEL=1.0\n', /Using extensions 'lb-agent'\./],
  ] as const) {
    test(`the same files for ${what}: ${expected.source}`, async () => {
      unpackExtension(join(extensions, 'lb-agent'))
      writeFileSync(join(extensions, 'lb-agent', RELEASE), release)
      assert.match(await merge(root), expected)
    })
  }
})

/** In a mount namespace of its own; `then` is run while it is merged. */
async function merge(root: string, then = 'true'): Promise<string> {
  const script = [
    'mount --make-rprivate /',
    `mount --bind ${root} ${root}`,
    // systemd-sysext wants a mount point that it can make a slave.
    'mount --bind /run /run',
    'mount --make-rshared /',
    `systemd-sysext --root=${root} merge`,
    then,
    `systemd-sysext --root=${root} unmerge`,
  ]
  return textOf(await exec('unshare', ['--mount', 'sh', '-c', script.join('\n')], { timeoutMs: 60_000 }))
}

function textOf({ stdout, stderr }: ExecResult): string {
  return `${stdout}${stderr}`
}
