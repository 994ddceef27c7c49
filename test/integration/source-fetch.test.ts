import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { processesNaming, sourceBench } from '../support/source-bench.ts'

test('fetches a branch and says which commit it is at', async (t) => {
  const { repository, source, mirror } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'Add a balancer')
  assert.deepEqual(await source.fetch(), {
    kind: 'fetched',
    revision: { sha, committedAtMs: 1_700_000_060_000, subject: 'Add a balancer', author: 'Ada <ada@example.net>' },
  })
  assert.equal(statSync(mirror).mode & 0o777, 0o700)
  assert.deepEqual([existsSync(`${mirror}.new`), existsSync(`${mirror}.old`)], [false, false])
})

test('follows a branch over several commits', async (t) => {
  const { repository, source } = sourceBench(t)
  const first = repository.commit({ 'lb.yaml': 'version: 1\n' }, 'one')
  await source.fetch()
  repository.commit({ 'lb.yaml': 'version: 2\n' }, 'two')
  const third = repository.commit({ 'lb.yaml': 'version: 3\n' }, 'three')
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, third)
  assert.equal(await source.isDescendant(first, third), 'descendant')
  assert.equal(await source.isDescendant(third, third), 'same')
  assert.deepEqual(await source.read(first), { kind: 'tree', files: new Map([['lb.yaml', 'version: 1\n']]) })
})

test('recognises a branch that was rewound', async (t) => {
  const { repository, source } = sourceBench(t)
  const first = repository.commit({ 'lb.yaml': '1' }, 'one')
  const second = repository.commit({ 'lb.yaml': '2' }, 'two')
  await source.fetch()
  repository.forcePush(first)
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, first)
  assert.equal(await source.isDescendant(second, first), 'rewind')
})

test('recognises a branch whose history was replaced', async (t) => {
  const { repository, source } = sourceBench(t)
  const first = repository.commit({ 'lb.yaml': '1' }, 'one')
  await source.fetch()
  const other = repository.commitOn(undefined, { 'lb.yaml': '2' }, 'another beginning')
  repository.forcePush(other)
  await source.fetch()
  assert.equal(await source.isDescendant(first, other), 'rewind')
})

test('never takes an ancestor that it does not know for a proof', async (t) => {
  const { repository, source } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': '1' }, 'one')
  await source.fetch()
  assert.equal(await source.isDescendant('0123456789abcdef0123456789abcdef01234567', sha), 'unknown-ancestor')
  assert.equal(await source.isDescendant('--help', sha), 'unknown-ancestor')
})

test('names the branches that are there when the wanted one is not', async (t) => {
  const { repository, source } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': '1' }, 'one')
  repository.forcePush(sha, 'master')
  repository.forcePush(sha, 'prod')
  repository.deleteBranch('main')
  assert.deepEqual(await source.fetch(), {
    kind: 'no-branch',
    reason: `branch main does not exist in ${repository.url}; branches there: master, prod`,
  })
})

test('tells an empty repository from a missing branch', async (t) => {
  const { repository, source } = sourceBench(t)
  assert.deepEqual(await source.fetch(), {
    kind: 'empty',
    reason: `${repository.url} has no branch yet; push branch main to it`,
  })
})

test('reads a repository with SHA-256 object names', async (t) => {
  const { repository, source } = sourceBench(t, { objectFormat: 'sha256' })
  const sha = repository.commit({ 'lb.yaml': '1' }, 'one')
  assert.equal(sha.length, 64)
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha)
  assert.deepEqual(await source.read(sha), { kind: 'tree', files: new Map([['lb.yaml', '1']]) })
})

test('fetches from a local repository of another user', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const { repository, source } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': '1' }, 'one')
  execFileSync('chown', ['-R', '65534:65534', repository.directory])
  const fetched = await source.fetch()
  assert.equal(fetched.kind === 'fetched' && fetched.revision.sha, sha)
})

test('keeps what it has when the repository is gone', async (t) => {
  const { repository, source } = sourceBench(t)
  const sha = repository.commit({ 'lb.yaml': '1' }, 'one')
  await source.fetch()
  repository.hide()
  assert.deepEqual(await source.fetch(), {
    kind: 'unreachable',
    reason: `git fetch from ${repository.url}: there is no git repository at this address, or we may not see it`,
  })
  assert.deepEqual(await source.read(sha), { kind: 'tree', files: new Map([['lb.yaml', '1']]) })
})

test('gives up on a server that accepts and stays silent, and leaves no process', async (t) => {
  const { state, sourceWith } = sourceBench(t)
  const port = await silentServer(t)
  for (const url of [`https://127.0.0.1:${port}/lb.git`, `ssh://git@127.0.0.1:${port}/lb.git`]) {
    const fetched = await sourceWith({ url, fetchTimeoutMs: 500 }).fetch()
    assert.deepEqual(fetched, { kind: 'unreachable', reason: `git fetch from ${url}: no answer within 0.5 s` })
    assert.deepEqual(processesNaming(state), [])
  }
})

test('stops at once when it is interrupted', async (t) => {
  const { state, sourceWith } = sourceBench(t)
  const url = `https://127.0.0.1:${await silentServer(t)}/lb.git`
  const fetched = await sourceWith({ url }).fetch(AbortSignal.timeout(200))
  assert.deepEqual(fetched, { kind: 'unreachable', reason: `git fetch from ${url}: interrupted` })
  assert.deepEqual(processesNaming(state), [])
})

test('tells a refused connection and a name that does not resolve apart', async (t) => {
  const { sourceWith } = sourceBench(t)
  const reasons = []
  for (const url of ['https://127.0.0.1:1/lb.git', 'ssh://git@127.0.0.1:1/lb.git', 'https://lb.invalid/lb.git']) {
    const fetched = await sourceWith({ url }).fetch()
    reasons.push(fetched.kind === 'unreachable' && fetched.reason)
  }
  assert.deepEqual(reasons, [
    'git fetch from https://127.0.0.1:1/lb.git: the server refuses the connection',
    'git fetch from ssh://git@127.0.0.1:1/lb.git: the server refuses the connection',
    'git fetch from https://lb.invalid/lb.git: the name of the server does not resolve (DNS)',
  ])
})

test('shows no credentials in a reason or in an argument list', async (t) => {
  const { state, sourceWith } = sourceBench(t)
  const port = await silentServer(t)
  const source = sourceWith({ url: `https://ada:s3cr3t-token@127.0.0.1:${port}/lb.git`, fetchTimeoutMs: 700 })
  const fetching = source.fetch()
  await new Promise((resolve) => setTimeout(resolve, 350))
  assert.notDeepEqual(processesNaming(state), [])
  assert.equal(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes('s3cr3t-token'), false)
  assert.deepEqual(await fetching, {
    kind: 'unreachable',
    reason: `git fetch from https://***@127.0.0.1:${port}/lb.git: no answer within 0.7 s`,
  })
})

test('runs nothing that an address or a branch name asks for', async (t) => {
  const { repository, state, sourceWith } = sourceBench(t)
  repository.commit({ 'lb.yaml': '1' }, 'one')
  const trap = join(state, 'trap')
  const urls = [
    `ext::sh -c "touch ${trap}"`,
    `--upload-pack=touch ${trap}`,
    `ssh://-oProxyCommand=touch${trap}/x`,
    'http://127.0.0.1/x',
    'git://127.0.0.1/x',
  ]
  for (const url of urls) assert.equal((await sourceWith({ url }).fetch()).kind, 'unreachable', url)
  const branches = [`--upload-pack=touch ${trap}`, '-x', 'main:refs/heads/x', '+main', 'a..b', 'x.lock', '*', '']
  for (const branch of branches) assert.equal((await sourceWith({ branch }).fetch()).kind, 'no-branch', branch)
  assert.equal(existsSync(trap), false)
})

async function silentServer(t: TestContext): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
