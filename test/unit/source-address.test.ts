import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBranchName, parseAddress, redact } from '../../src/source/address.ts'

test('chooses the only protocol that git may use from the address', () => {
  const addresses = [
    'https://git.lan/lb.git',
    'ssh://git@git.lan:2222/lb.git',
    'git@git.lan:team/lb.git',
    'file:///srv/lb.git',
    '/srv/lb.git',
  ]
  const protocols = addresses.map((url) => {
    const address = parseAddress(url)
    return address.kind === 'address' && [address.protocol, address.url]
  })
  assert.deepEqual(protocols, [
    ['https', 'https://git.lan/lb.git'],
    ['ssh', 'ssh://git@git.lan:2222/lb.git'],
    ['ssh', 'git@git.lan:team/lb.git'],
    ['file', 'file:///srv/lb.git'],
    ['file', '/srv/lb.git'],
  ])
})

test('refuses every other address', () => {
  const urls = [
    'http://git.lan/lb.git',
    'git://git.lan/lb.git',
    'ext::sh -c id',
    'ext::id',
    '--upload-pack=id',
    '-x',
    'lb.git',
    '../lb.git',
    'file://host/lb.git',
    'ssh://-oProxyCommand=id/lb.git',
    'ssh://git.lan/-x',
    'git@-oProxyCommand=id:x',
    'git@git.lan:-x',
    'https://git.lan/a\nb',
    'https://',
    '',
  ]
  assert.deepEqual(
    urls.filter((url) => parseAddress(url).kind !== 'refused'),
    [],
  )
})

test('hides userinfo and query in what people see, and keeps it out of the url for git', () => {
  const address = parseAddress('https://ada:p%40ss-word@git.lan/lb.git?private_token=abc')
  assert.equal(address.kind, 'address')
  assert.equal(address.url, 'https://git.lan/lb.git?private_token=abc')
  assert.equal(address.display, 'https://***@git.lan/lb.git')
  assert.deepEqual(address.authorization, {
    origin: 'https://git.lan',
    header: `Authorization: Basic ${Buffer.from('ada:p@ss-word').toString('base64')}`,
  })
  assert.equal(redact('fatal: p@ss-word and p%40ss-word of ada', address), 'fatal: *** and *** of ***')

  const token = parseAddress('https://ghp_0123456789@git.lan/lb.git')
  assert.equal(token.kind === 'address' && token.display, 'https://***@git.lan/lb.git')
  const ssh = parseAddress('ssh://git:oops@git.lan/lb.git')
  assert.deepEqual(ssh.kind === 'address' && [ssh.url, ssh.display], [
    'ssh://git@git.lan/lb.git',
    'ssh://git@git.lan/lb.git',
  ])
})

test('hides userinfo in the refusal of an address', () => {
  for (const url of ['http://ada:s3cret@git.lan/lb.git', 'https://ada:s3/cr@et@git.lan:x/lb.git']) {
    const address = parseAddress(url)
    assert.equal(address.kind, 'refused')
    assert.match(
      address.reason,
      /^repository\.url "https?:\/\/\*\*\*@git\.lan(?::x)?\/lb\.git" is not an address lb-agent/,
    )
  }
})

test('takes ordinary branch names and nothing that is an option or a refspec', () => {
  const good = ['main', 'release/1.2', 'feature/x_y-z', 'user@home', 'v1+2', '2024']
  const bad = [
    '',
    '-x',
    '--all',
    '+main',
    'a:b',
    'a..b',
    'a//b',
    'a/.b',
    '/a',
    'a/',
    'a.',
    'a.lock',
    'a.lock/b',
    '@',
    'a@{1}',
    'a b',
    'a*',
    'a~1',
    'a^',
    'a?',
    'a[',
    'a\\b',
    'a\nb',
  ]
  assert.deepEqual(
    good.filter((name) => !isBranchName(name)),
    [],
  )
  assert.deepEqual(bad.filter(isBranchName), [])
})
