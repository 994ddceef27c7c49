import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dropBackup, readBackup, restoreBackup, writeBackup } from '../../src/install/backup.ts'

const UNITS = { disabled: ['keepalived.service'], stopped: ['haproxy.service'], nowMs: 7 }
/** A comment in ISO 8859-1. */
const LATIN = Buffer.from([0x23, 0x20, 0xfc, 0x0a])

async function inScratch(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-backup-'))
  try {
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('files come back byte for byte with their modes and owners, and absent ones go', () =>
  inScratch(async (directory) => {
    const backup = join(directory, 'state', 'before-install')
    mkdirSync(join(directory, 'state'))
    const [haproxy, keepalived] = [join(directory, 'haproxy.cfg'), join(directory, 'keepalived.conf')]
    writeFileSync(haproxy, LATIN)
    chmodSync(haproxy, 0o640)
    const { uid, gid } = statSync(haproxy)
    await writeBackup(backup, [haproxy, keepalived], UNITS)

    const kept = await readBackup(backup)
    const saved = haproxy.slice(1).replaceAll('/', '-')
    assert.deepEqual(kept, {
      ...{ savedAtMs: 7, disabled: ['keepalived.service'], stopped: ['haproxy.service'] },
      files: [{ path: haproxy, saved, mode: 0o640, uid, gid }],
      absent: [keepalived],
    })
    assert.equal(statSync(backup).mode & 0o777, 0o700)
    assert.equal(statSync(join(backup, saved)).mode & 0o777, 0o600)

    writeFileSync(haproxy, 'of lb-agent')
    chmodSync(haproxy, 0o644)
    writeFileSync(keepalived, 'of lb-agent')
    for (let round = 0; round < 2; round += 1) {
      await restoreBackup(backup, kept ?? assert.fail())
      assert.deepEqual(readFileSync(haproxy), LATIN)
      assert.equal(statSync(haproxy).mode & 0o7777, 0o640)
      assert.equal(existsSync(keepalived), false)
    }
    await dropBackup(backup)
    assert.equal(await readBackup(backup), undefined)
  }))

test('an owner that is not root comes back', { skip: process.getuid?.() !== 0 && 'needs root' }, () =>
  inScratch(async (directory) => {
    const backup = join(directory, 'before-install')
    const file = join(directory, 'haproxy.cfg')
    writeFileSync(file, 'x')
    const { chown } = await import('node:fs/promises')
    await chown(file, 1234, 4321)
    await writeBackup(backup, [file], UNITS)
    rmSync(file)
    await restoreBackup(backup, (await readBackup(backup)) ?? assert.fail())
    const { uid, gid } = statSync(file)
    assert.deepEqual([uid, gid], [1234, 4321])
  }),
)

test('files of the same name are kept apart', () =>
  inScratch(async (directory) => {
    const backup = join(directory, 'before-install')
    const paths = ['a', 'b'].map((name) => join(directory, name, 'main.conf'))
    for (const path of paths) {
      mkdirSync(join(path, '..'))
      writeFileSync(path, path)
    }
    await writeBackup(backup, paths, UNITS)
    for (const path of paths) rmSync(path)
    await restoreBackup(backup, (await readBackup(backup)) ?? assert.fail())
    assert.deepEqual(
      paths.map((path) => readFileSync(path, 'utf8')),
      paths,
    )
  }))

test('without its manifest there is no backup, and one that cannot be read is said to be', () =>
  inScratch(async (directory) => {
    assert.equal(await readBackup(directory), undefined)
    const manifest = join(directory, 'manifest.json')
    writeFileSync(manifest, '{"format":2}')
    await assert.rejects(readBackup(directory), /manifest\.json cannot be read: a newer lb-agent wrote it \(format 2, /)
    writeFileSync(manifest, '{')
    await assert.rejects(readBackup(directory), /manifest\.json cannot be read: Expected property name/)
  }))
