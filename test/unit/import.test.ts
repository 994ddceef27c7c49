import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { handWrittenCluster } from '../../src/import/hand-written.ts'
import { importDirectory, importProject } from '../../src/import/import-directory.ts'
import { unlike, usableName, vipName } from '../../src/import/names.ts'
import { readProject } from '../../src/import/project-files.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import { HAPROXY, keepalivedWith } from '../support/import-fixtures.ts'

const work = mkdtempSync(join(tmpdir(), 'lb-agent-import-'))
after(() => rmSync(work, { recursive: true }))

type Files = Readonly<Record<string, string>>

function directoryWith(name: string, files: Files): string {
  const directory = join(work, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

function imported(name: string, files: Files) {
  const result = importDirectory(directoryWith(name, files), {})
  assert.ok(result.kind === 'imported', JSON.stringify(result))
  return result
}

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

describe('who holds a VIP', () => {
  const comments = (name: string, one: string, two: string) =>
    imported(name, { 'lb1/keepalived.conf': keepalivedWith(one), 'lb2/keepalived.conf': keepalivedWith(two) })

  test('is who has the highest priority, and a contradiction is said', () => {
    const { spec, text } = comments('contradiction', 'state MASTER\n priority 100', 'state BACKUP\n priority 120')
    assert.deepEqual(spec.vips[0]?.prefer, ['lb2', 'lb1'])
    assert.match(
      text,
      /# lb1 says state MASTER \(lb1\/keepalived\.conf:4\), but lb2 held it: priorities were lb2 120, lb1 100\.\n/,
    )
  })

  test('is said by nothing where all priorities are equal', () => {
    assert.match(
      comments('tie', '', '').text,
      /# All nodes had the priority 100, so nothing said who holds it; the order is that of the files\.\n/,
    )
  })

  test('is doubtful where both say MASTER', () => {
    const { text } = comments('both', 'state MASTER\n priority 120', 'state MASTER\n priority 100')
    assert.match(
      text,
      /# lb1 and lb2 all say state MASTER \(lb1\/keepalived\.conf:4, lb2\/keepalived\.conf:4\); priorities were lb1 120, lb2 100\.\n/,
    )
  })

  test('nodes that differ in the virtual router id or in addresses are named', () => {
    const { text, spec } = imported('differing', {
      'lb1/keepalived.conf': keepalivedWith('priority 120', '10.0.0.10/24\n  10.0.0.11'),
      'lb2/keepalived.conf': keepalivedWith('', '10.0.0.10/24\n  10.0.0.12/24').replace(
        'virtual_router_id 60',
        'virtual_router_id 61',
      ),
    })
    assert.deepEqual(spec.vips, [
      {
        name: 'vip',
        address: '10.0.0.10',
        prefixLength: 24,
        virtualRouterId: 60,
        prefer: ['lb1', 'lb2'],
        extraAddresses: [
          { address: '10.0.0.11', prefixLength: 32 },
          { address: '10.0.0.12', prefixLength: 24 },
        ],
        requireHealthyOnce: false,
      },
    ])
    assert.match(
      text,
      /# lb2 had the virtual router id 61 \(lb2\/keepalived\.conf:3\); nodes with different ones do not hear each other\.\n/,
    )
    assert.match(
      text,
      /# lb2 had other addresses \(lb2\/keepalived\.conf:1\): 10\.0\.0\.10, 10\.0\.0\.12; here are those of all nodes\.\n/,
    )
  })

  test('nopreempt becomes failing back by hand', () => {
    assert.equal(comments('nopreempt', 'nopreempt\n priority 120', 'nopreempt').spec.vrrp.failbackMs, 'manual')
    assert.equal(comments('delay', 'preempt_delay 60\n priority 120', '').spec.vrrp.failbackMs, 60_000)
  })

  test('the label and the scope of an address are not carried over, and said', () => {
    const address = '10.0.0.10/24 dev eth0 label eth0:vip scope link'
    const { lost } = imported('label', {
      'lb1/keepalived.conf': keepalivedWith('', address),
      'lb2/keepalived.conf': keepalivedWith('', address),
    })
    assert.deepEqual(lost, [
      'label eth0:vip of an address (lb1/keepalived.conf:6, lb2/keepalived.conf:6)',
      'scope link of an address (lb1/keepalived.conf:6, lb2/keepalived.conf:6)',
    ])
  })

  test('IPv6 beside IPv4 becomes an extra address', () => {
    const { spec } = imported('dual', {
      'lb1/keepalived.conf': keepalivedWith(
        'virtual_ipaddress_excluded {\n  fd00::10/64\n }\n unicast_src_ip 10.0.0.1\n unicast_peer {\n 10.0.0.2\n }',
      ),
      'lb2/keepalived.conf': keepalivedWith(
        'virtual_ipaddress_excluded {\n  fd00::10/64\n }\n unicast_peer {\n 10.0.0.1\n }',
      ),
    })
    assert.deepEqual(spec.vips[0]?.extraAddresses, [{ address: 'fd00::10', prefixLength: 64 }])
    // lb2 does not say its address, but lb1 says where its peer is.
    assert.deepEqual(
      spec.nodes.map(({ address }) => address),
      ['10.0.0.1', '10.0.0.2'],
    )
  })
})

describe('services', () => {
  const pair = (haproxy: string): Files => ({ 'lb1/keepalived.conf': keepalivedWith(''), 'lb1/haproxy.cfg': haproxy })

  test('one that says what the profile says needs no more words', () => {
    assert.match(
      imported('plain', pair(HAPROXY)).text,
      /\n {2}web: \{ vip: web, port: 80, pool: web, profile: tcp \}\n/,
    )
  })

  test('a bind that is no VIP, a range, TLS and a page of statistics are left out, and said', () => {
    const { text, spec } = imported(
      'left-out',
      pair(`${HAPROXY}listen a
 bind 10.0.0.99:81
 server s 10.0.1.1:81
listen b
 bind 10.0.0.10:1000-1010
 server s 10.0.1.1:81
listen c
 bind 10.0.0.10:443 ssl crt /x.pem
 server s 10.0.1.1:81
listen d
 bind 127.0.0.1:82
 server s 10.0.1.1:81
frontend e
 bind 10.0.0.10:83
 use_backend f if TRUE
frontend g
 bind 10.0.0.10:84
listen stats
 bind *:8404
 mode http
 stats uri /
 stats auth admin:secret-of-stats
listen h
 bind 10.0.0.10:85
 server s 10.0.1.1:81 ssl verify none
peers them
 peer lb1 10.0.0.1:1024
`),
    )
    assert.deepEqual(
      spec.services.map(({ name }) => name),
      ['web'],
    )
    const lost = text
      .replaceAll(/\n# +(?=\S)/g, '\n# ')
      .split('\n')
      .filter((line) => /haproxy\.cfg/.test(line) && !line.includes('Made by'))
    assert.deepEqual(lost, [
      '# statistics page (lb1/haproxy.cfg:30): lb-agent has a status page, and metrics for Prometheus, on port 9853',
      '# listen b, 10.0.0.10:1000 (lb1/haproxy.cfg:14): it is a range of ports; a service has one',
      '# listen c, 10.0.0.10:443 (lb1/haproxy.cfg:17): it ends TLS, which the servers do behind lb-agent; a template of your',
      '# listen d, 127.0.0.1:82 (lb1/haproxy.cfg:20): it is for the node alone; services are on VIPs',
      '# frontend e, 10.0.0.10:83 (lb1/haproxy.cfg:23): it chooses among backends by conditions, and has no default_backend',
      '# frontend g, 10.0.0.10:84 (lb1/haproxy.cfg:26): it leads to no backend with servers',
      '# listen a, 10.0.0.99:81 (lb1/haproxy.cfg:11): its address is no VIP of keepalived.conf',
      '# listen h, 10.0.0.10:85 (lb1/haproxy.cfg:32): none of its servers could be carried over',
      '# section peers (lb1/haproxy.cfg:35)',
    ])
    assert.doesNotMatch(text, /secret/)
  })

  test('nodes that differ in a service are named', () => {
    const { text } = imported('differ', {
      ...pair(HAPROXY),
      'lb2/keepalived.conf': keepalivedWith('priority 90'),
      'lb2/haproxy.cfg': HAPROXY.replace('10.0.1.1:80', '10.0.1.2:80'),
    })
    assert.match(
      text,
      /# lb2 had it otherwise \(lb2\/haproxy\.cfg:7\); here as lb1\/haproxy\.cfg:7 has it\.\n {2}web: /,
    )
  })

  test('a bind to every address goes to the VIP that it is for', () => {
    const { spec, text } = imported('every', {
      'lb1/keepalived.conf': `${keepalivedWith('').replace('VI_1', 'VI_INGRESS')}${keepalivedWith('', '10.0.0.20').replace('VI_1', 'VI_API').replace('id 60', 'id 61')}`,
      'lb1/haproxy.cfg': `${HAPROXY}listen k8s\n bind *:6443\n server m1 10.0.2.1:6443 check\n`,
    })
    assert.deepEqual(
      spec.services.map(({ name, vip, profile }) => [name, vip, profile]),
      [
        ['web', 'ingress', 'tcp'],
        ['k8s', 'api', 'kubernetes-api'],
      ],
    )
    assert.match(
      text.replaceAll(/\n +# /g, ' '),
      /It was bound to \*:6443 \(lb1\/haproxy\.cfg:11\), so every VIP had it, and the nodes' own addresses; here it is on api alone\./,
    )
  })

  test('checks, weights, ports and the PROXY protocol are carried over', () => {
    const { spec } = imported(
      'details',
      pair(`listen web
 bind 10.0.0.10:443
 mode http
 balance source
 option httpchk GET /health HTTP/1.1\\r\\nHost:\\ web.lan
 http-check expect status 200,204
 default-server check inter 5s fall 4 rise 3 send-proxy-v2
 server a 10.0.1.1:8443 weight 10
 server b 10.0.1.2:9443 weight 20 backup
`),
    )
    const [service] = spec.services
    assert.deepEqual(
      [service?.profile, service?.serverPort, service?.balance, service?.sendProxy, service?.check],
      [
        ...['http', 8443, 'source', 'v2'],
        { kind: 'http', path: '/health', host: 'web.lan', expect: [200, 204], intervalMs: 5000, rise: 3, fall: 4 },
      ],
    )
    assert.deepEqual(spec.pools[0]?.servers, [
      { name: 'a', address: '10.0.1.1', port: undefined, weight: 10, backup: false },
      { name: 'b', address: '10.0.1.2', port: 9443, weight: 20, backup: true },
    ])
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
