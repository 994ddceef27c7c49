import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, problemsOf } from '../support/agent-yaml.ts'

for (const url of [
  'https://git.lan/lb-config.git',
  'https://git.lan:8443/team/lb-config',
  'ssh://git.lan/~git/lb.git',
  'ssh://git@[fd00::1]:2222/lb.git',
  'git@git.lan:team/lb.git',
  'git@git.lan:/srv/lb.git',
  'file:///srv/lb.git',
  '/srv/lb.git',
]) {
  test(`takes the repository ${url}`, () => assert.equal(parse(JSON.stringify({ repository: { url } })).kind, 'config'))
}

const FORMS = 'a repository is https://..., ssh://..., user@host:path, file:///... or an absolute path'

for (const url of [
  '--upload-pack=touch /tmp/x',
  'ext::sh -c touch% /tmp/x',
  'http://git.lan/lb.git',
  'git://git.lan/lb.git',
  'ssh://-oProxyCommand=x/lb.git',
  'git@-oProxyCommand=x:lb.git',
  '-git@git.lan:lb.git',
  'git@git.lan:-x',
  'git:s3cret@git.lan:lb.git',
  'file://git.lan/lb.git',
  'lb.git',
  '../lb.git',
  'https://git.lan/a\nb',
  '/srv/lb.git\0',
  '',
]) {
  test(`refuses the repository ${JSON.stringify(url)} without showing it`, () => {
    assert.deepEqual(problemsOf(JSON.stringify({ repository: { url } })), [
      `agent.yaml:1:22  repository.url is none that lb-agent fetches from; ${FORMS}`,
    ])
  })
}

for (const url of [
  'https://u:s3cret@git.lan/x',
  'https://token@git.lan/x',
  'ssh://git:s3cret@git.lan/x',
  'http://u:p@h/x',
]) {
  test(`refuses credentials in ${url} with advice, and does not repeat them`, () => {
    assert.deepEqual(problemsOf(`repository:\n  url: ${url}\n`), [
      'agent.yaml:2:8  repository.url carries a user name or password; remove it and use an ssh key (ssh://git@host/path)',
    ])
  })
}

const BRANCH = 'a branch is a name such as main or env/home: letters, digits and _./+- only'

for (const branch of [
  '-x',
  'a..b',
  'a.lock',
  'a//b',
  'a/',
  '.a',
  'refs/heads/main',
  'HEAD',
  'a b',
  'a~1',
  'a@{1}',
  'a\n',
]) {
  test(`refuses the branch ${JSON.stringify(branch)}`, () => {
    assert.deepEqual(problemsOf(JSON.stringify({ repository: { url: '/a', branch } })), [
      `agent.yaml:1:36  repository.branch is ${JSON.stringify(branch)}; ${BRANCH}`,
    ])
  })
}

test('refuses to poll faster than once a second', () => {
  assert.deepEqual(problemsOf('repository: { url: /a, every: 500ms }'), [
    'agent.yaml:1:31  repository.every is "500ms"; every is a duration from 1s to 1d, such as 100ms, 10s, 5m, 4h or 1d',
  ])
})

test('refuses a path out of the repository', () => {
  assert.deepEqual(problemsOf('repository: { url: /a, path: ../b }'), [
    'agent.yaml:1:30  repository.path is "../b"; a path in the repository is "." or relative, such as clusters/home, without ".." in it',
  ])
})
