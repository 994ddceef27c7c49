import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileContent } from '../support/repo.ts'
import { type SourceBench, sourceBench } from '../support/source-bench.ts'

test('reads lb.yaml and the templates beside it, and nothing else', async (t) => {
  const bench = sourceBench(t)
  const read = await commitAndRead(bench, {
    'lb.yaml': 'version: 1\n',
    'templates/haproxy.cfg.j2': 'global ü\n',
    'templates/run.j2': { executable: 'x' },
    'templates/README.md': 'no',
    'templates/deeper/other.j2': 'no',
    'README.md': { symlink: '/etc/shadow' },
    vendor: { submodule: '0123456789abcdef0123456789abcdef01234567' },
  })
  const files = new Map([
    ['lb.yaml', 'version: 1\n'],
    ['templates/haproxy.cfg.j2', 'global ü\n'],
    ['templates/run.j2', 'x'],
  ])
  assert.deepEqual(read, { kind: 'tree', files })
})

test('reads below the path that agent.yaml gives', async (t) => {
  const bench = sourceBench(t)
  const files = { 'lb.yaml': 'no', 'clusters/home/lb.yaml': 'yes', 'clusters/home/templates/a.j2': 'a' }
  for (const path of ['clusters/home', './clusters/home/'])
    assert.deepEqual(await commitAndRead(bench, files, path), {
      kind: 'tree',
      files: new Map([
        ['lb.yaml', 'yes'],
        ['templates/a.j2', 'a'],
      ]),
    })
})

test('says where it looked for lb.yaml, and where one is', async (t) => {
  const bench = sourceBench(t)
  const sha = bench.repository.commit({ 'prod/lb.yaml': '1', README: 'x' }, 'one')
  await bench.source.fetch()
  const message = `lb.yaml is not in branch main at commit ${sha.slice(0, 12)} (repository.path is "."); the commit has prod/lb.yaml`
  assert.deepEqual(await bench.source.read(sha), problems(['lb.yaml', message]))
})

test('says that a part of the path is a link', async (t) => {
  const bench = sourceBench(t)
  const sha = bench.repository.commit({ 'real/lb.yaml': '1', prod: { symlink: 'real' } }, 'one')
  await bench.source.fetch()
  const message = `prod/lb.yaml is not in branch main at commit ${sha.slice(0, 12)} (repository.path is "prod"); prod is a symbolic link there, not a directory`
  assert.deepEqual(await bench.sourceWith({ path: 'prod' }).read(sha), problems(['lb.yaml', message]))
})

test('refuses links and submodules among the wanted files', async (t) => {
  const link = await commitAndRead(sourceBench(t), {
    'lb.yaml': { symlink: '/etc/shadow' },
    'templates/x.j2': { symlink: '../../x' },
  })
  assert.deepEqual(
    link,
    problems(
      ['lb.yaml', 'lb.yaml is a symbolic link; lb-agent follows none, so put the file itself there'],
      ['templates/x.j2', 'templates/x.j2 is a symbolic link; lb-agent follows none, so put the file itself there'],
    ),
  )
  const submodule = await commitAndRead(sourceBench(t), {
    'lb.yaml': '1',
    templates: { submodule: '0123456789abcdef0123456789abcdef01234567' },
  })
  assert.deepEqual(
    submodule,
    problems(['templates', 'templates is a submodule; lb-agent reads none, so put the files themselves there']),
  )
})

test('refuses files that are too large, alone or together', async (t) => {
  const alone = await commitAndRead(sourceBench(t), { 'lb.yaml': 'x'.repeat(262_145) })
  assert.deepEqual(alone, problems(['lb.yaml', 'lb.yaml has 262145 bytes; at most 262144 are read']))

  const parts = Object.fromEntries([1, 2, 3, 4].map((n) => [`templates/${n}.j2`, 'x'.repeat(262_144)]))
  const together = await commitAndRead(sourceBench(t), { 'lb.yaml': '1', ...parts })
  assert.deepEqual(
    together,
    problems(['lb.yaml', 'lb.yaml and its templates have 1048577 bytes; at most 1048576 are read']),
  )
})

test('refuses content that is not text', async (t) => {
  const read = await commitAndRead(sourceBench(t), {
    'lb.yaml': Buffer.from([0x61, 0xff, 0x62]),
    'templates/nul.j2': 'a\0b',
  })
  assert.deepEqual(
    read,
    problems(
      ['lb.yaml', 'lb.yaml is not text: it must be UTF-8 without NUL bytes'],
      ['templates/nul.j2', 'templates/nul.j2 is not text: it must be UTF-8 without NUL bytes'],
    ),
  )
})

test('refuses a path that leaves the repository', async (t) => {
  const bench = sourceBench(t)
  const sha = bench.repository.commit({ 'lb.yaml': '1' }, 'one')
  await bench.source.fetch()
  for (const path of ['../other', '/etc', 'a/../..'])
    assert.deepEqual(
      await bench.sourceWith({ path }).read(sha),
      problems(['lb.yaml', `repository.path "${path}" leaves the repository; give a path inside it`]),
    )
})

test('finds a small lb.yaml in a repository with very many files', async (t) => {
  const bench = sourceBench(t)
  const many = Array.from({ length: 20_000 }, (_, n) => [`other/${n}`, 'x'])
  const read = await commitAndRead(bench, { 'lb.yaml': '1', ...Object.fromEntries(many) })
  assert.deepEqual(read, { kind: 'tree', files: new Map([['lb.yaml', '1']]) })
})

test('refuses more templates than it can look at', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, n) => [`templates/${n}.j2`, 'x'])
  const read = await commitAndRead(sourceBench(t), { 'lb.yaml': '1', ...Object.fromEntries(many) })
  assert.deepEqual(
    read,
    problems(['templates', 'templates holds more than 10,000 files; lb-agent reads at most that many']),
  )
})

test('takes control and direction characters out of subject and author', async (t) => {
  const { repository, source } = sourceBench(t)
  repository.commit(
    { 'lb.yaml': '1' },
    `\u001b[31mred\u001b[0m \u202egnp.exe ${'long '.repeat(100)}`,
    'E\u200bve\u2066',
  )
  const fetched = await source.fetch()
  assert.equal(fetched.kind, 'fetched')
  const { subject, author } = fetched.revision
  assert.equal(subject, `${`red gnp.exe ${'long '.repeat(100)}`.slice(0, 199)}…`)
  assert.equal(author, 'Eve <ada@example.net>')
})

test('says that a commit is not there', async (t) => {
  const { repository, source } = sourceBench(t)
  repository.commit({ 'lb.yaml': '1' }, 'one')
  await source.fetch()
  assert.deepEqual(await source.read('0123456789abcdef0123456789abcdef01234567'), {
    kind: 'unreadable',
    reason: 'commit 0123456789ab cannot be read: git ls-tree: exit code 128: fatal: not a tree object',
  })
  assert.deepEqual(await source.read('--help'), { kind: 'unreadable', reason: '"--help" is not the name of a commit' })
})

async function commitAndRead(bench: SourceBench, files: Record<string, FileContent>, path = '.') {
  const source = bench.sourceWith({ path })
  const sha = bench.repository.commit(files, 'a commit')
  await source.fetch()
  return source.read(sha)
}

function problems(...list: readonly (readonly [file: string, message: string])[]) {
  return { kind: 'problems', problems: list.map(([file, message]) => ({ file, line: 0, col: 0, message })) }
}
