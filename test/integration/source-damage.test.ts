import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { processesNaming, sourceBench } from '../support/source-bench.ts'

const TREE = { kind: 'tree', files: new Map([['lb.yaml', 'version: 1\n']]) }

test('goes on after a fetch that was killed and left its locks', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  repository.commit({ 'lb.yaml': 'version: 0\n' }, 'one')
  await source.fetch()
  const left = ['refs/lb-agent/branch.lock', 'packed-refs.lock', 'config.lock', 'objects/pack/tmp_pack_AbCdEf'].map(
    (name) => join(mirror, name),
  )
  mkdirSync(join(mirror, 'objects/pack'), { recursive: true })
  for (const path of left) writeFileSync(path, 'left by a killed fetch')
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'two')
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha)
  assert.deepEqual(left.filter(existsSync), [])
})

test('survives being interrupted at any moment of a fetch', async (t) => {
  const { repository, source, state } = sourceBench(t)
  for (const delayMs of [0, 2, 4, 8, 12, 16, 24, 32, 48]) {
    const sha = repository.commit({ 'lb.yaml': 'version: 1\n', count: String(delayMs) }, `after ${delayMs} ms`)
    await source.fetch(AbortSignal.timeout(delayMs))
    assert.deepEqual(processesNaming(state), [])
    const fetched = await source.fetch()
    assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha)
    assert.deepEqual(await source.read(sha), TREE)
  }
})

test('makes the mirror anew when any one of its files is damaged', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const first = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  const sha = repository.commit({ other: 'x' }, 'two')
  await source.fetch()
  for (const name of ['HEAD', 'config', 'refs/lb-agent/branch', '.pack', '.idx'])
    for (const harm of [flip, empty, remove]) {
      const file = filesBelow(mirror).find((path) => path.endsWith(name)) ?? ''
      harm(join(mirror, file))
      const what = `${harm.name} ${file}`
      assert.deepEqual(await source.read(sha), TREE, what)
      const fetched = await source.fetch()
      assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha, what)
      assert.equal(await source.isDescendant(first, sha), 'descendant', what)
    }
})

test('does not collect a pack for each change', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const first = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  await source.fetch()
  repository.forcePush(repository.commitOn(undefined, { 'lb.yaml': 'version: 2\n' }, 'replaced'))
  for (let count = 0; count < 21; count += 1) {
    repository.commit({ count: String(count) }, 'another')
    await source.fetch()
  }
  assert.ok(filesBelow(mirror).filter((name) => name.endsWith('.pack')).length < 5)
  assert.deepEqual(await source.read(first), TREE)
})

test('keeps a damaged mirror while the repository is unreachable, and recovers once it is back', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  await source.fetch()
  const bring = repository.hide()
  const pack = filesBelow(mirror).find((name) => name.endsWith('.pack')) ?? ''
  empty(join(mirror, pack))
  assert.deepEqual(await source.read(sha), {
    kind: 'unreadable',
    reason: `commit ${sha.slice(0, 12)} cannot be read: the mirror is damaged and stays so: git fetch from ${repository.url}: there is no git repository at this address, or we may not see it`,
  })
  assert.equal(existsSync(join(mirror, pack)), true)
  assert.equal(existsSync(`${mirror}.new`), false)
  bring()
  assert.deepEqual(await source.read(sha), TREE)
})

test('takes up the old mirror after a crash between the two renames', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  await source.fetch()
  renameSync(mirror, `${mirror}.old`)
  repository.hide()
  assert.equal((await source.fetch()).kind, 'unreachable')
  assert.deepEqual(await source.read(sha), TREE)
})

test('makes a mirror that somebody deleted', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  await source.fetch()
  rmSync(mirror, { recursive: true })
  assert.deepEqual(await source.read(sha), TREE)
})

test('runs no hook, monitor or helper of a poisoned repository or mirror', async (t) => {
  const { repository, source, mirror, state } = sourceBench(t)
  const trap = join(state, 'trap')
  const script = join(state, 'script.sh')
  writeFileSync(script, `#!/bin/sh\ntouch ${trap}\n`, { mode: 0o755 })
  repository.commit({ 'lb.yaml': 'version: 0\n', '.gitattributes': '* filter=x\n' }, 'one')
  await source.fetch()
  const poison = (directory: string) =>
    `[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsmonitor = ${script}\n\thooksPath = ${directory}/hooks\n\tsshCommand = ${script}\n\tgitProxy = ${script}\n\talternateRefsCommand = ${script}\n[filter "x"]\n\tsmudge = ${script}\n[uploadpack]\n\tpackObjectsHook = ${script}\n[gpg]\n\tprogram = ${script}\n[log]\n\tshowSignature = true\n`
  for (const directory of [repository.directory, mirror]) {
    writeFileSync(join(directory, 'config'), poison(directory))
    mkdirSync(join(directory, 'hooks'), { recursive: true })
    for (const hook of ['reference-transaction', 'post-checkout', 'pre-receive', 'post-update', 'pre-auto-gc'])
      writeFileSync(join(directory, 'hooks', hook), readFileSync(script), { mode: 0o755 })
  }
  // The repository's own update-ref would run its hook; the commit is made elsewhere.
  rmSync(join(repository.directory, 'hooks'), { recursive: true })
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'two')
  rmSync(trap, { force: true })
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha)
  assert.deepEqual(await source.read(sha), TREE)
  assert.equal(existsSync(trap), false)
})

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

/** Changes bytes in the middle of a file, as a bad disk would. */
function flip(path: string): void {
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  for (let at = middle; at < Math.min(middle + 4, bytes.length); at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff
  rewrite(path, bytes)
}

/** What a power cut can leave. */
function empty(path: string): void {
  rewrite(path, Buffer.alloc(0))
}

function remove(path: string): void {
  rmSync(path)
}

function rewrite(path: string, bytes: Buffer): void {
  chmodSync(path, 0o600)
  writeFileSync(path, bytes)
}
