import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AddressConfig, InstanceConfig, KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import type { Included } from '../../src/keepalived-config/read-lines.ts'

const FILE = '/etc/keepalived/keepalived.conf'

type Files = Readonly<Record<string, string>>

function read(text: string, files: Files = {}, configId = 'lb1'): KeepalivedConfig {
  const include = (pattern: string): Included[] =>
    Object.entries(files).flatMap(([name, included]) => (name.startsWith(pattern) ? [{ name, text: included }] : []))
  return readKeepalivedConfig(FILE, text, { configId, include })
}

/** What is read without a problem. */
function good(text: string, files: Files = {}, configId = 'lb1'): KeepalivedConfig {
  const config = read(text, files, configId)
  assert.deepEqual({ problems: config.problems, unread: config.unread }, { problems: [], unread: [] })
  return config
}

function only(text: string, files: Files = {}, configId = 'lb1'): InstanceConfig {
  const { instances } = good(text, files, configId)
  const [first, second] = instances
  assert.ok(first !== undefined && second === undefined, JSON.stringify(instances))
  return first
}

function at(line: number, col: number, file = FILE) {
  return { file, line, col }
}

function address(text: string, line: number, col: number, rest: Partial<AddressConfig> = {}): AddressConfig {
  return { address: text, dev: undefined, label: undefined, scope: undefined, at: at(line, col), ...rest }
}

/** Without the places, which have a test of their own. */
function without({ places: _, ...rest }: InstanceConfig): Omit<InstanceConfig, 'places'> {
  return rest
}

const DEFAULTS: Omit<InstanceConfig, 'places'> = {
  ...{ name: 'VI_1', at: at(1, 1), state: 'BACKUP', interface: 'eth0', virtualRouterId: 9, priority: 100 },
  ...{ version: 2, family: 4, advertMs: 1_000, nopreempt: false, preemptDelayMs: 0 },
  ...{ unicast: undefined, source: undefined, multicastDestination: undefined, dontTrackPrimary: false, ownMac: false },
  ...{ authentication: undefined, addresses: [], excluded: [], skipCheckAdvertAddresses: false },
  ...{ checkUnicastSource: false, downTimerAdverts: 3 },
  ...{ trackFiles: [], trackScripts: [], trackProcesses: [], trackInterfaces: [] },
}

const BASE = 'interface eth0\nvirtual_router_id 9\n'
const VIP = 'virtual_ipaddress {\n10.0.0.1\n}\n'

/** An instance with one address and `more` in its fourth line. */
function instance(more = '', name = 'VI_1'): string {
  return `vrrp_instance ${name} {\n${BASE}${more}\n${VIP}}\n`
}

test('a file as people write it by hand is read with keepalived’s defaults and all places', () => {
  const text = `! Configuration File for keepalived
global_defs {
   router_id LVS_DEVEL   # not an instance
   script_user root
   enable_script_security
   vrrp_garp_master_repeat 1
}

vrrp_script chk_haproxy {
    script "/usr/bin/killall -0 haproxy # not a comment { nor a block }"
    interval 2
    weight -10
}

vrrp_instance VI_API {
\tstate MASTER
\tinterface eth0
\tvirtual_router_id 61
\tpriority 110
\tunicast_src_ip 10.17.3.12
\tunicast_peer {
\t\t10.17.3.13
\t\t192.168.0.30 min_ttl 250 max_ttl 255
\t}
\tauthentication {
\t\tauth_type PASS
\t\tauth_pass k8s!lb
\t}
\ttrack_script {
\t\tchk_haproxy
\t}
\tvirtual_ipaddress {
\t\t10.17.5.10/24 brd 10.17.5.255 dev eth1 scope link label eth1:vip
\t\t10.17.5.11 dev eth2
\t}
\tvirtual_ipaddress_excluded {
\t\tFD00::10
\t\t2001:db8::1/64
\t}
}
`
  const { instances, scripts, globals, ...rest } = good(text)
  assert.deepEqual(globals, {
    ...{ routerId: 'LVS_DEVEL', version: 2, scriptSecurity: true, scriptUser: 'root' },
    ...{ skipCheckAdvertAddresses: false, strict: false, checkUnicastSource: false },
    ...{ multicastGroup4: undefined, multicastGroup6: undefined, downTimerAdverts: 3 },
    ...{ notifyFifo: undefined, writesStatesOnReload: false },
  })
  assert.deepEqual(scripts, [
    {
      ...{ name: 'chk_haproxy', at: at(9, 1) },
      command: '/usr/bin/killall -0 haproxy # not a comment { nor a block }',
      ...{ unused: undefined, intervalMs: 2_000, timeoutMs: 2_000, rise: 1, fall: 1, weight: -10, reverse: false },
      ...{ user: undefined, initFail: false },
      places: new Map([
        ['script', at(10, 5)],
        ['interval', at(11, 5)],
        ['weight', at(12, 5)],
      ]),
    },
  ])
  assert.deepEqual(instances.map(without), [
    {
      ...DEFAULTS,
      ...{ name: 'VI_API', at: at(15, 1), state: 'MASTER', virtualRouterId: 61, priority: 110 },
      unicast: {
        peers: [
          { address: '10.17.3.13', at: at(22, 3) },
          { address: '192.168.0.30', at: at(23, 3) },
        ],
        faultNoPeer: false,
      },
      source: '10.17.3.12',
      // Limits for the TTL make keepalived look at the sender of adverts.
      checkUnicastSource: true,
      authentication: { type: 'PASS', password: 'k8s', at: at(26, 3) },
      trackScripts: [{ name: 'chk_haproxy', weight: undefined, reverse: undefined, at: at(30, 3) }],
      addresses: [
        address('10.17.5.10/24', 33, 3, { dev: 'eth1', scope: 'link', label: 'eth1:vip' }),
        address('10.17.5.11/32', 34, 3, { dev: 'eth2' }),
      ],
      excluded: [address('FD00::10/128', 37, 3), address('2001:db8::1/64', 38, 3)],
    },
  ])
  assert.deepEqual(rest, {
    ...{ file: FILE, trackFiles: [], trackProcesses: [], syncGroups: [] },
    ...{ problems: [], fatal: [], unread: [], newer: [], fixed: new Map() },
  })
})

test('every word of an instance that has to do with its election is read', () => {
  const text = `global_defs {
  vrrp_version 3
  vrrp_skip_check_adv_addr
  vrrp_check_unicast_src
  vrrp_down_timer_adverts 4
  vrrp_mcast_group4 224.0.0.20
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 9
  priority 254
  advert_int 0.25
  nopreempt
  dont_track_primary
  use_vmac vrrp.9
  mcast_src_ip 10.0.0.9
  mcast_dst_ip 224.0.0.30
  virtual_ipaddress { 10.0.0.1
  }
}
`
  const { globals, instances } = good(text)
  assert.equal(globals.multicastGroup4, '224.0.0.20')
  assert.deepEqual(instances.map(without), [
    {
      ...DEFAULTS,
      ...{ at: at(8, 1), priority: 254, version: 3, advertMs: 250, nopreempt: true, dontTrackPrimary: true },
      ...{ ownMac: true, source: '10.0.0.9', multicastDestination: '224.0.0.30' },
      ...{ skipCheckAdvertAddresses: true, checkUnicastSource: true, downTimerAdverts: 4 },
      addresses: [address('10.0.0.1/32', 19, 23)],
    },
  ])
})

test('what is read last counts, and has its place', () => {
  const { priority, interface: device, places } = only(instance('priority 50\npriority 60\ninterface b'))
  assert.deepEqual({ priority, device }, { priority: 60, device: 'b' })
  assert.deepEqual(
    [...places],
    [
      ['interface', at(6, 1)],
      ['virtual_router_id', at(3, 1)],
      ['priority', at(5, 1)],
      ['virtual_ipaddress', at(7, 1)],
    ],
  )
})

test('MASTER without a priority owns its address, and an owner without a state is MASTER', () => {
  const role = ({ state, priority }: InstanceConfig) => ({ state, priority })
  assert.deepEqual(role(only(instance('state MASTER'))), { state: 'MASTER', priority: 255 })
  assert.deepEqual(role(only(instance('priority 255'))), { state: 'MASTER', priority: 255 })
  assert.deepEqual(role(only(instance('state MASTER\npriority 90'))), { state: 'MASTER', priority: 90 })
})

test('an instance with IPv6 addresses is one of VRRPv3 unless it is written otherwise', () => {
  const family = ({ family, version }: InstanceConfig) => ({ family, version })
  const of = (more: string) => `vrrp_instance VI_1 {\n${BASE}${more}\nvirtual_ipaddress {\nfe80::1\n}\n}`
  assert.deepEqual(family(only(of(''))), { family: 6, version: 3 })
  assert.deepEqual(family(only(of('native_ipv6'))), { family: 6, version: 3 })
  assert.deepEqual(family(only(of('version 2'))), { family: 6, version: 2 })
})

test('trackers are read with what is written where they are followed', () => {
  const text = `track_file gate {
  file "/run/lb/gate"
  weight 0 reverse
  init_file 1 overwrite
}
vrrp_track_file score {
  file /run/lb/score
}
vrrp_track_process haproxy {
  process haproxy
  quorum 2
  weight 5
  terminate_delay 0.2
}
vrrp_instance VI_1 {
  ${BASE}
  track_file {
    gate
    score weight 2
  }
  track_process {
    haproxy weight 7 noreverse
  }
  track_interface {
    eth1
    eth2 weight -20 reverse
  }
  track_bfd {
    passed over
  }
  ${VIP}
}
`
  const config = good(text)
  assert.deepEqual(config.trackFiles, [
    { name: 'gate', at: at(1, 1), file: '/run/lb/gate', weight: 0, reverse: true, initValue: 1 },
    { name: 'score', at: at(6, 1), file: '/run/lb/score', weight: 1, reverse: false, initValue: undefined },
  ])
  assert.deepEqual(config.trackProcesses, [
    {
      ...{ name: 'haproxy', at: at(9, 1), process: 'haproxy', weight: 5, reverse: false },
      ...{ quorum: 2, terminateDelayMs: 200 },
    },
  ])
  const [{ trackFiles, trackProcesses, trackInterfaces, trackScripts } = DEFAULTS] = config.instances
  assert.deepEqual(trackFiles, [
    { name: 'gate', weight: undefined, reverse: undefined, at: at(20, 5) },
    { name: 'score', weight: 2, reverse: undefined, at: at(21, 5) },
  ])
  assert.deepEqual(trackProcesses, [{ name: 'haproxy', weight: 7, reverse: false, at: at(24, 5) }])
  assert.deepEqual(trackInterfaces, [
    { name: 'eth1', weight: undefined, reverse: undefined, at: at(27, 5) },
    { name: 'eth2', weight: -20, reverse: true, at: at(28, 5) },
  ])
  assert.deepEqual(trackScripts, [])
})

test('a sync group is read with its members and trackers, wherever it stands', () => {
  const text = `track_file gate {
  file /run/gate
  weight 0
}
vrrp_sync_group G {
  group {
    VI_1 VI_2
  }
  track_file {
    gate
  }
  sync_group_tracking_weight
  notify_priority_changes on
}
${instance()}${instance('', 'VI_2').replace('virtual_router_id 9', 'virtual_router_id 8')}`
  assert.deepEqual(good(text).syncGroups, [
    {
      ...{ name: 'G', at: at(5, 1), trackingWeight: true },
      members: [
        { name: 'VI_1', at: at(7, 5) },
        { name: 'VI_2', at: at(7, 10) },
      ],
      trackFiles: [{ name: 'gate', weight: undefined, reverse: undefined, at: at(10, 5) }],
      ...{ trackScripts: [], trackProcesses: [], trackInterfaces: [] },
    },
  ])
})

const SECURE = 'global_defs {\nenable_script_security\n}\n'

const COMMANDS: readonly [written: string, command: string, unused: string | undefined][] = [
  ['"/usr/bin/pgrep haproxy"', '/usr/bin/pgrep haproxy', undefined],
  ["'/usr/bin/pgrep haproxy'", '/usr/bin/pgrep haproxy', undefined],
  ['/usr/bin/pgrep', '/usr/bin/pgrep', undefined],
  // keepalived runs pgrep without anything to look for.
  ['/usr/bin/pgrep -x haproxy', '/usr/bin/pgrep', '-x haproxy'],
  [`"/bin/sh -c 'exit 0'"`, "/bin/sh -c 'exit 0'", undefined],
  ['/bin/a\\ b', '/bin/a b', undefined],
]

for (const [written, command, unused] of COMMANDS)
  test(`script ${written} is the command ${command}`, () => {
    const [script] = good(`${SECURE}vrrp_script chk {\nscript ${written}\n}\n`).scripts
    assert.deepEqual({ command: script?.command, unused: script?.unused }, { command, unused })
  })

const SAME_BLOCK: readonly [how: string, text: string, line: number, col: number][] = [
  ['with braces at the ends of lines', `vrrp_instance VI_1 {\n${BASE}${VIP}}\n`, 5, 1],
  ['with braces on lines of their own', `vrrp_instance VI_1\n{\n${BASE}virtual_ipaddress\n{\n10.0.0.1\n}\n}`, 7, 1],
  ['with braces that touch words', `vrrp_instance VI_1{\n${BASE}virtual_ipaddress{\n10.0.0.1}\n}\n`, 5, 1],
  [
    'in few lines',
    'vrrp_instance VI_1 { interface eth0\nvirtual_router_id 9\nvirtual_ipaddress { 10.0.0.1 } }\n',
    3,
    21,
  ],
  ['with Windows line ends', `vrrp_instance VI_1 {\n${BASE}${VIP}}\n`.replaceAll('\n', '\r\n'), 5, 1],
  ['with comments everywhere', `vrrp_instance VI_1 {#{\n${BASE}virtual_ipaddress {!}\n10.0.0.1#/24\n}# }\n}\n`, 5, 1],
  ['with quoted words', `vrrp_instance "VI_1" {\n${BASE}virtual_ipaddress {\n"10.0.0.1"\n}\n}\n`, 5, 1],
  [
    'with blocks that nobody reads',
    `virtual_server 10.0.0.1 80 {\nx {\ny\n}\n}\nvrrp_instance VI_1 {\n${BASE}${VIP}}`,
    10,
    1,
  ],
]

for (const [how, text, line, col] of SAME_BLOCK)
  test(`an instance ${how} is read`, () => {
    const { at: _, ...rest } = without(only(text))
    const { at: __, ...expected } = DEFAULTS
    assert.deepEqual(rest, { ...expected, addresses: [address('10.0.0.1/32', line, col)] })
  })

test('what a file that ends in a block says before counts', () => {
  const { instances, problems } = read(`vrrp_instance VI_1 {\n${BASE}virtual_ipaddress {\n10.0.0.1`)
  assert.deepEqual(instances.map(without), [{ ...DEFAULTS, addresses: [address('10.0.0.1/32', 5, 1)] }])
  assert.deepEqual(problems, [
    {
      ...at(4, 1),
      message: 'the block of virtual_ipaddress is not closed before the end of the file; close it with }',
    },
  ])
})

test('one file for all nodes gives what it says for this one', () => {
  const text = `vrrp_instance VI_1 {
    @lb1 interface eth1
    @lb2 interface eth2
    @^lb1 virtual_router_id 9
    @^lb2 virtual_router_id 8
    @lb1
    virtual_ipaddress { @lb1 10.0.0.1
    }
}`
  const found = ({ interface: device, virtualRouterId }: InstanceConfig) => ({ device, virtualRouterId })
  assert.deepEqual(found(only(text)), { device: 'eth1', virtualRouterId: 8 })
  const { instances } = read(text, {}, 'lb2')
  assert.deepEqual(instances.map(found), [{ device: 'eth2', virtualRouterId: 9 }])
  assert.deepEqual(instances[0]?.addresses, [])
})

test('parameters are put in where they are used, and have the place where they are named', () => {
  const text = `$BASE=10.2.\${SUB}
$SUB=0
@lb1 $ID=51
@lb2 $ID=52
$WHOLE=\${BASE}.100/24 dev eth1 # a comment
vrrp_instance VI_1 {
    virtual_router_id $ID
    interface eth0
    notify_deleted
    virtual_ipaddress {
        \${BASE}.99/32 \${_HASH} nothing
        \${WHOLE} label \${_INSTANCE}
    }
}`
  const { virtualRouterId, addresses } = only(text)
  assert.equal(virtualRouterId, 51)
  assert.deepEqual(addresses, [
    address('10.2.0.99/32', 11, 9),
    address('10.2.0.100/24', 12, 9, { dev: 'eth1', label: 'lb1' }),
  ])
})

test('a parameter that nobody defines stays, and the rest is read', () => {
  const { instances, problems } = read(instance(`priority $NONE\ninterface \${NONE}`))
  assert.deepEqual(instances.map(without), [{ ...DEFAULTS, interface: '$', addresses: [address('10.0.0.1/32', 7, 1)] }])
  assert.deepEqual(problems, [
    { ...at(5, 1), message: 'interface takes no block; take { and } away' },
    { ...at(4, 10), message: 'priority is $NONE; a priority is 1-255, and keepalived takes 100' },
  ])
})

test('included files are read where they are named, inside of blocks too', () => {
  const files = {
    '/etc/keepalived/conf.d/a.conf': `vrrp_instance VI_1 {\n  ${BASE}  include vips/\n}\n`,
    'vips/one': 'virtual_ipaddress {\n 10.0.0.1\n}\n',
  }
  assert.deepEqual(without(only('include /etc/keepalived/conf.d/\n', files)), {
    ...DEFAULTS,
    at: at(1, 1, '/etc/keepalived/conf.d/a.conf'),
    addresses: [address('10.0.0.1/32', 2, 2, { at: at(2, 2, 'vips/one') })],
  })
  assert.deepEqual(good('include /nowhere/*.conf\n').instances, [])
})

test('what may hide an address is told with its line', () => {
  const unread = (text: string, files: Files = {}) =>
    read(text, files).unread.map(({ at: { line, col }, text: found }) => `${line}:${col} ${found.slice(0, 30)}`)
  assert.deepEqual(unread('# x\n ~SEQ(VAR, 1, 3) 10.0.0.$VAR\n'), ['2:2 ~SEQ(VAR, 1, 3) 10.0.0.$VAR'])
  assert.deepEqual(unread('$X= \\\nvrrp_instance VI_1 { \\\n}\n$X\n'), ['1:1 $X= vrrp_instance VI_1 { }'])
  assert.deepEqual(unread(`priority \${_RANDOM 1 9}\n`), [`1:1 priority \${_RANDOM 1 9}`])
  // A file that includes itself.
  const [first] = unread('include me\n', { me: 'include me\n' })
  assert.equal(first, '1:1 include me')
  // A parameter that names itself, and one that makes its line too long.
  assert.deepEqual(unread(`$A=\${A}\n\${A}\n`), [`2:1 \${A}`])
  assert.deepEqual(unread(`$A=${'x'.repeat(600)}\n\${A}\${A}\n`), [`2:1 \${A}\${A}`])
})

test('a line that is longer than keepalived reads at once goes on as the next one', () => {
  const { problems } = read(`#${'x'.repeat(1_022)}priority\n`)
  assert.deepEqual(problems, [
    {
      ...at(1, 1_024),
      message: 'keepalived knows no "priority" outside of blocks; correct the word, or take the line away',
    },
  ])
})

test('words that only a later keepalived knows are no problem, and told with their version', () => {
  const text = `global_defs {
  enable_script_security
  json_version 2
}
vrrp_script chk {
  script "/bin/true"
  interval 0.5
}
vrrp_instance VI_1 {
  ${BASE}  auth_hmac {
    key x
  }
  ${VIP}}
`
  const { newer, scripts, problems } = read(text)
  assert.deepEqual(problems, [])
  assert.equal(scripts[0]?.intervalMs, 500)
  assert.deepEqual(newer, [
    { what: 'json_version', since: '2.2.8', at: at(3, 3) },
    { what: 'auth_hmac', since: '2.4.0', at: at(12, 3) },
    { what: 'interval 0.5', since: '2.3.2', at: at(7, 12) },
  ])
})

test('a member of a sync group and an owner keep the trackers that keepalived leaves them', () => {
  const text = `track_file score {
  file /run/score
}
track_file heavy {
  file /run/heavy
  weight 5
}
vrrp_sync_group G {
  group { VI_1 VI_2
  }
}
${instance('track_file {\nscore\nheavy\n}\ntrack_interface {\neth1 weight 5\n}')}
${instance('priority 255\ntrack_interface {\neth1 weight 5\neth2\n}', 'VI_2').replace('id 9', 'id 8')}`
  const kept = read(text).instances.map(({ trackFiles, trackInterfaces }) =>
    [...trackFiles, ...trackInterfaces].map(({ name, weight }) => `${name} ${weight}`),
  )
  assert.deepEqual(kept, [
    ['score 0', 'eth1 0'],
    ['eth1 0', 'eth2 undefined'],
  ])
})

test('a file with 200 instances is read in a moment', () => {
  const text = Array.from({ length: 200 }, (_, index) =>
    instance(`priority 90\nadvert_int 2\nunicast_peer {\n10.0.1.${index}\n}`, `VI_${index}`).replace(
      'virtual_router_id 9',
      `virtual_router_id ${index + 1}`,
    ),
  ).join('')
  const times = Array.from({ length: 20 }, () => {
    const startedAt = performance.now()
    assert.equal(good(text).instances.length, 200)
    return performance.now() - startedAt
  })
  // The best of many, because others use the machine as well.
  assert.ok(Math.min(...times) < 50, `${times.map(Math.round)} ms`)
})

test('a hostile file of any length does not take long', () => {
  const pieces = [
    '{',
    '}',
    '"',
    '\\\n',
    `$A=\${A}\${A}\n`,
    `\${A}`,
    `$A=x\n\${A}`,
    'vrrp_instance a {',
    ' ',
    '@a ',
    'a{',
  ]
  for (const piece of [...pieces, '10.0.0.1 ', 'include x\n', 'vrrp_sync_group g {\ngroup {\n']) {
    const startedAt = performance.now()
    const text = piece.repeat(200_000 / piece.length)
    readKeepalivedConfig(FILE, text, { configId: 'lb1', include: () => [{ name: 'x', text }] })
    const took = performance.now() - startedAt
    assert.ok(took < 3_000, `${JSON.stringify(piece)}: ${took} ms`)
  }
})
