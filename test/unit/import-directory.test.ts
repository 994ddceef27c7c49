import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { handWrittenCluster } from '../../src/import/hand-written.ts'
import { importDirectory, importProject } from '../../src/import/import-directory.ts'
import { unlike, usableName, vipName } from '../../src/import/names.ts'
import { readProject } from '../../src/import/project-files.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import { HAPROXY, keepalivedWith } from '../support/import-fixtures.ts'
import { type Files, oldDirectories } from '../support/old-directories.ts'

const { work, directoryWith, imported, remove } = oldDirectories()
after(remove)

describe('files by hand', () => {
  test('a file says whose it is by its directory or its name', () => {
    const nodes = (...paths: string[]) =>
      handWrittenCluster(new Map(paths.map((path) => [path, ''])))?.nodes.map(({ name, haproxy, keepalived: file }) => [
        ...[name, haproxy?.source, file?.source],
      ])
    assert.deepEqual(nodes('lb1/haproxy.cfg', 'lb1/keepalived.conf', 'lb2/etc/keepalived/keepalived.conf'), [
      ['lb1', 'lb1/haproxy.cfg', 'lb1/keepalived.conf'],
      ['lb2', undefined, 'lb2/etc/keepalived/keepalived.conf'],
    ])
    assert.deepEqual(nodes('lb1.keepalived.conf', 'keepalived-lb2.conf', 'haproxy_lb2.cfg', 'haproxy.cfg'), [
      ['lb1', 'haproxy.cfg', 'lb1.keepalived.conf'],
      ['lb2', 'haproxy_lb2.cfg', 'keepalived-lb2.conf'],
    ])
    assert.deepEqual(nodes('keepalived.conf', 'haproxy.cfg'), [['lb1', 'haproxy.cfg', 'keepalived.conf']])
    assert.equal(nodes('haproxy.cfg'), undefined)
  })

  test('names become such as lb.yaml takes', () => {
    assert.deepEqual(
      ['k8s api', '10.0.0.1', '7', '', '_x_'].map((name) => usableName(name, 'lb')),
      [...['k8s-api', '10.0.0.1', 'lb-7', 'lb', 'x']],
    )
    assert.deepEqual(['VI_API', 'VI_1', 'haproxy-vip', 'vip_web_front', 'K8S'].map(vipName), [
      ...['api', undefined, undefined, 'web-front', 'k8s'],
    ])
    assert.equal(unlike('a', ['a', 'a-2']), 'a-3')
  })
})

test('a directory without anything usable says why', () => {
  const why = (name: string, files: Files) => {
    const result = importDirectory(directoryWith(name, files), {})
    return result.kind === 'nothing' ? [result.why.replaceAll(work, ''), ...result.problems.map(formatProblem)] : []
  }
  assert.deepEqual(why('nothing', { README: 'text' }), [
    '/nothing holds neither a keepalived.conf nor an Ansible inventory with hosts; without old files lb-agent init DIRECTORY begins a new lb.yaml',
  ])
  assert.deepEqual(why('no-vip', { 'keepalived.conf': 'global_defs {\n}\n' }), [
    'no keepalived.conf in /no-vip has a vrrp_instance with an address',
  ])
  assert.deepEqual(why('no-files', { hosts: '[web]\nw1\n' }), [
    'no playbook in /no-files writes an haproxy.cfg or a keepalived.conf for a host of the inventory',
  ])
})

test('links and files that are no text are left out, and named', () => {
  const directory = directoryWith('odd', {
    'lb1/keepalived.conf': keepalivedWith('unicast_src_ip 10.0.0.1'),
    'lb2/keepalived.conf': '\u0000\u0001',
    program: '\u0000',
    'picture.png': '\u0000',
  })
  symlinkSync('.', join(directory, 'circle'))
  symlinkSync('../lb1/keepalived.conf', join(directory, 'lb2/haproxy.cfg'))
  symlinkSync('gone', join(directory, 'picture.jpg'))
  const { files, problems } = readProject(directory)
  assert.deepEqual([...files.keys()], ['lb1/keepalived.conf'])
  assert.deepEqual(problems.map(formatProblem), [
    'circle  was left out: it is a link, and links are not followed; put what it leads to in its place',
    'lb2/haproxy.cfg  was left out: it is a link, and links are not followed; put what it leads to in its place',
    'lb2/keepalived.conf  was left out: it is no text in UTF-8',
  ])
})

test('an inventory or playbook that is not there is said, and nothing else is read in its place', () => {
  const directory = directoryWith('astray', { 'keepalived.conf': keepalivedWith('') })
  const why = (options: { inventory?: string; playbook?: string }) => {
    const result = importDirectory(directory, options)
    return result.kind === 'nothing' ? result.why.replaceAll(work, '') : result.kind
  }
  assert.deepEqual(
    [why({ inventory: 'hosts' }), why({ playbook: 'site.yml' })],
    [
      '--inventory hosts is not among the files that were read in /astray; it is a path in that directory',
      '--playbook site.yml is not among the files that were read in /astray; it is a path in that directory',
    ],
  )
})

test('what lb.yaml does not take is shown in the draft, with its place', () => {
  const result = importDirectory(
    directoryWith('refused', {
      '10.0.0.10/keepalived.conf': keepalivedWith('priority 120'),
      'lb2/keepalived.conf': keepalivedWith('unicast_src_ip 10.0.0.2\n unicast_peer {\n 10.0.0.10\n }'),
    }),
    {},
  )
  assert.ok(result.kind === 'unparsed')
  assert.match(result.text, /\n {2}10\.0\.0\.10: \{ address: 10\.0\.0\.10, interface: eth0 \}\n/)
  assert.deepEqual(result.refused.map(formatProblem), [
    'lb.yaml:16:19  vips.vip.address is "10.0.0.10"; nodes.10.0.0.10.address has this address already',
  ])
})

test('a node whose files were not to be had is to be filled in', () => {
  const { toFillIn } = imported('lacking', {
    'lb1/keepalived.conf': keepalivedWith('unicast_src_ip 10.0.0.1'),
    'lb2/haproxy.cfg': HAPROXY,
  })
  assert.deepEqual(toFillIn, [
    'services: the haproxy.cfg of lb1 was not to be had',
    'nodes: lb2 was left out, because no keepalived.conf of it with a VRRP instance was to be had',
  ])
})

test('nothing is said of the text that stands for an unknown value, and a check script of the playbook is read', () => {
  const { old, problems } = imported('vault', {
    'hosts.ini': '[lbs]\na ansible_host=10.0.0.1\n',
    'site.yml': `- hosts: lbs
  tasks:
    - template: { src: check.sh.j2, dest: /etc/keepalived/check_haproxy.sh }
    - template: { src: keepalived.conf.j2, dest: /etc/keepalived/keepalived.conf }
`,
    'templates/check.sh.j2': '#!/bin/sh\n{% if true %}killall -0 haproxy{% endif %}\n',
    'templates/keepalived.conf.j2': `global_defs {
 enable_script_security
 script_user root
}
vrrp_script check {
 script "/bin/sh /etc/keepalived/check_haproxy.sh"
}
${keepalivedWith('authentication {\n auth_type PASS\n auth_pass {{ keepalived_password }}\n }\n track_script {\n check\n }')}`,
  })
  assert.deepEqual(
    old.map(({ keepalived: config, scripts }) => [config?.problems, [...scripts]]),
    [[[], [['/etc/keepalived/check_haproxy.sh', '#!/bin/sh\nkillall -0 haproxy']]]],
  )
  assert.deepEqual(problems.map(formatProblem), [
    'templates/keepalived.conf.j2:13:1  the value of keepalived_password is not known without a run of Ansible; ?keepalived_password? stands in its place',
  ])
})

test('whatever the old files say, import does not throw', () => {
  const word = fc.constantFrom(
    ...[
      'vrrp_instance',
      'VI_1',
      'VI_API',
      '{',
      '}',
      'virtual_ipaddress',
      '10.0.0.10',
      '10.0.0.10/24',
      'fd00::1/64',
      'fe80::1',
      'priority',
      '255',
    ],
    ...[
      'interface',
      'eth0',
      'eth0:1',
      'virtual_router_id',
      '51',
      '0',
      'state',
      'MASTER',
      'unicast_src_ip',
      '10.0.0.1',
      'listen',
      'bind',
      '*:6443',
    ],
    ...[
      '10.0.0.10:80',
      ':1-9',
      'server',
      'a',
      '10.0.1.1:80',
      'check',
      'inter',
      '0',
      'balance',
      'timeout',
      'client',
      '1m',
      'use_backend',
      'mode',
    ],
    ...['http', 'option', 'httpchk', 'GET', '/a"b', 'maxconn', '[lbs]', 'hosts', '\n', '\n', '\n'],
  )
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '))
  fc.assert(
    fc.property(text, text, text, (one, two, three) => {
      const files = new Map([
        ['lb1/keepalived.conf', `${keepalivedWith('state MASTER')}${one}`],
        ['lb2/keepalived.conf', two],
        ['haproxy.cfg', `${HAPROXY}${three}`],
      ])
      const result = importProject({ files, problems: [] }, 'old', {})
      assert.notEqual(result.kind, 'nothing')
    }),
    { numRuns: 100 },
  )
})
