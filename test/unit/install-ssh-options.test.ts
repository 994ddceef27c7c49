import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSshFiles } from '../../src/install/ssh-files.ts'
import { parseAddress } from '../../src/source/address.ts'

const NONE = { key: undefined, newKey: false, hostKey: undefined }

/** What is planned before any file is looked at: the directories are not there. */
function planFor(url: string, options: Partial<Parameters<typeof planSshFiles>[2]>) {
  const address = parseAddress(url)
  assert.ok(address.kind === 'address', url)
  const paths = { directory: '/nowhere/ssh', staged: '/proc/nowhere' }
  return planSshFiles(paths, address, { ...NONE, ...options }, new AbortController().signal)
}

function refused(what: string, them: string) {
  const fix = `leave ${them} out, or name the repository as ssh reads it: --repo ssh://… or user@host:path`
  return { kind: 'obstacles', obstacles: [{ what, fix }] }
}

test('a repository that ssh does not read needs no key', async () => {
  for (const url of ['/srv/lb-config', 'file:///srv/lb-config', 'https://git.lan/lb.git'])
    assert.deepEqual(await planFor(url, {}), {
      kind: 'files',
      files: { added: [], newKey: undefined, publicKeys: [] },
    })
})

test('a key for a repository on this host is refused, not passed over', async () => {
  for (const url of ['/srv/lb-config', 'file:///srv/lb-config'])
    assert.deepEqual(
      await planFor(url, { key: '/root/key' }),
      refused(`--key is for a repository that is read by ssh, and ${url} is a directory of this host`, 'it'),
    )
})

test('each option for ssh is refused where the repository is read by https, and named', async () => {
  const says = (names: string) =>
    `${names} for a repository that is read by ssh, and https://git.lan/lb.git is read by https, without a key`
  for (const [options, what, them] of [
    [{ newKey: true }, says('--new-key is'), 'it'],
    [{ hostKey: 'SHA256:x' }, says('--host-key is'), 'it'],
    [{ newKey: true, hostKey: 'SHA256:x' }, says('--new-key and --host-key are'), 'them'],
  ] as const)
    assert.deepEqual(await planFor('https://git.lan/lb.git', options), refused(what, them))
})
