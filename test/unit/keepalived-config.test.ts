import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStatements, readKeepalivedFile, type VrrpInstance } from '../../src/install/keepalived-file.ts'
import { type Included, readLines } from '../../src/install/keepalived-lines.ts'

const FILE = '/etc/keepalived/keepalived.conf'

function read(text: string, files: Readonly<Record<string, string>> = {}, configId = 'lb1') {
  const include = (pattern: string): Included[] =>
    Object.entries(files).flatMap(([name, included]) => (name.startsWith(pattern) ? [{ name, text: included }] : []))
  return readKeepalivedFile(FILE, text, { configId, include })
}

function only(text: string, files: Readonly<Record<string, string>> = {}, configId = 'lb1'): VrrpInstance {
  const { instances, unread } = read(text, files, configId)
  const [first, second] = instances
  assert.ok(first !== undefined && second === undefined, JSON.stringify(instances))
  assert.deepEqual(unread, [])
  return first
}

function address(text: string, rest: { dev?: string; label?: string; scope?: string } = {}) {
  return { address: text, dev: undefined, label: undefined, scope: undefined, ...rest }
}

const EMPTY: VrrpInstance = {
  ...{ name: 'VI_1', at: 'keepalived.conf:1', interface: undefined, virtualRouterId: undefined },
  ...{ unicast: false, source: undefined, ownMac: false, addresses: [], excluded: [] },
}

test('an instance as people write it by hand is read with all that keepalived compares', () => {
  const text = `! Configuration File for keepalived
global_defs {
   router_id LVS_DEVEL   # not an instance
}

vrrp_script chk_haproxy {
    script "/usr/bin/killall -0 haproxy # not a comment { nor a block }"
    interval 2
}

vrrp_instance VI_API {
\tstate MASTER
\tinterface eth0
\tvirtual_router_id 61
\tpriority 110
\tunicast_src_ip 10.17.3.12
\tunicast_peer {
\t\t10.17.3.13
\t}
\tauthentication {
\t\tauth_type PASS
\t\tauth_pass k8s!lb
\t}
\tvirtual_ipaddress {
\t\t10.17.5.10/24 brd 10.17.5.255 dev eth1 scope link label eth1:vip
\t\tdev eth2 10.17.5.11
\t}
\tvirtual_ipaddress_excluded {
\t\tFD00::10
\t\t2001:db8::1/64
\t}
}
`
  assert.deepEqual(only(text), {
    ...{ name: 'VI_API', at: 'keepalived.conf:11', interface: 'eth0', virtualRouterId: 61 },
    ...{ unicast: true, source: '10.17.3.12', ownMac: false },
    addresses: [
      address('10.17.5.10/24', { dev: 'eth1', scope: 'link', label: 'eth1:vip' }),
      address('10.17.5.11/32', { dev: 'eth2' }),
    ],
    excluded: [address('FD00::10/128'), address('2001:db8::1/64')],
  })
})

const SAME_BLOCK: readonly [how: string, text: string][] = [
  ['with braces at the ends of lines', 'vrrp_instance VI_1 {\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n'],
  ['with braces on lines of their own', 'vrrp_instance VI_1\n{\nvirtual_ipaddress\n{\n10.0.0.1\n}\n}\n'],
  ['with braces that touch words', 'vrrp_instance VI_1{\nvirtual_ipaddress{\n10.0.0.1}\n}\n'],
  ['on one line', 'vrrp_instance VI_1 { virtual_ipaddress { 10.0.0.1 } }\n'],
  ['with Windows line ends', 'vrrp_instance VI_1 {\r\nvirtual_ipaddress {\r\n10.0.0.1\r\n}\r\n}\r\n'],
  ['with comments everywhere', 'vrrp_instance VI_1 {#{\nvirtual_ipaddress {!}\n10.0.0.1#/24\n}# }\n}\n'],
  ['with a quoted name', 'vrrp_instance "VI_1" {\nvirtual_ipaddress {\n"10.0.0.1"\n}\n}\n'],
  ['with lines that go on', 'vrrp_instance \\\nVI_1 {\nvirtual_ipaddress { \\\n10.0.0.1\n}\n}\n'],
  ['that nobody closes', 'vrrp_instance VI_1 {\nvirtual_ipaddress {\n10.0.0.1'],
]

for (const [how, text] of SAME_BLOCK)
  test(`a block ${how} is read`, () => {
    assert.deepEqual(only(text), { ...EMPTY, addresses: [address('10.0.0.1/32')] })
  })

test('one file for all nodes gives what it says for this one', () => {
  const text = `vrrp_instance VI_1 {
    @lb1 interface eth1
    @lb2 interface eth2
    @^lb1 virtual_router_id 9
    @^lb2 virtual_router_id 8
}`
  assert.deepEqual(only(text), { ...EMPTY, interface: 'eth1', virtualRouterId: 8 })
  assert.deepEqual(only(text, {}, 'lb2'), { ...EMPTY, interface: 'eth2', virtualRouterId: 9 })
})

test('parameters are put in when they are used, and unknown ones stay', () => {
  const text = `$BASE=10.2.\${SUB}
$SUB=0
@lb1 $ID=51
@lb2 $ID=52
vrrp_instance VI_1 {
    virtual_router_id $ID
    interface \${NOT_KNOWN}
    virtual_ipaddress {
        \${BASE}.100/32
    }
}`
  const found = only(text)
  assert.equal(found.virtualRouterId, 51)
  assert.deepEqual(found.addresses, [address('10.2.0.100/32')])
})

test('included files are read where they are named, inside of blocks too', () => {
  const files = {
    '/etc/keepalived/conf.d/a.conf': 'vrrp_instance VI_1 {\n  interface eth0\n  include vips/\n}\n',
    'vips/one': 'virtual_ipaddress {\n 10.0.0.1\n}\n',
  }
  assert.deepEqual(only('include /etc/keepalived/conf.d/\n', files), {
    ...EMPTY,
    at: '/etc/keepalived/conf.d/a.conf:1',
    interface: 'eth0',
    addresses: [address('10.0.0.1/32')],
  })
  assert.deepEqual(read('include /nowhere/*.conf\n'), { instances: [], unread: [] })
})

test('what may hide an address is told with its line', () => {
  const unread = (text: string, files: Readonly<Record<string, string>> = {}) =>
    read(text, files).unread.map(({ at, text: line }) => `${at} ${line.slice(0, 30)}`)
  assert.deepEqual(unread('# x\n~SEQ(VAR, 1, 3) 10.0.0.$VAR\n'), ['keepalived.conf:2 ~SEQ(VAR, 1, 3) 10.0.0.$VAR'])
  assert.deepEqual(unread('$X= \\\nvrrp_instance VI_1 { \\\n}\n$X\n'), ['keepalived.conf:1 $X= vrrp_instance VI_1 { }'])
  // A file that includes itself.
  const [first] = unread('include me\n', { me: 'include me\n' })
  assert.equal(first, 'me:1 include me')
  // Parameters that double each other.
  const doubling = `$A=${'x'.repeat(9_000)}\${A}\n\${A}\n`
  assert.deepEqual(unread(doubling), [`keepalived.conf:2 ${'x'.repeat(30)}`])
})

test('the last line of two counts, and an interface of its own is seen', () => {
  const text = 'vrrp_instance VI_1 {\ninterface a\ninterface b\nuse_vmac vrrp.51\nmcast_src_ip 10.0.0.9\n}'
  assert.deepEqual(only(text), { ...EMPTY, interface: 'b', ownMac: true, source: '10.0.0.9' })
})

const SNIPPETS = [
  '{',
  '}',
  '"',
  '#',
  '!',
  '\\',
  '\n',
  '@',
  '^',
  '$A',
  '=',
  `$\{A}`,
  ' ',
  '\t',
  'vrrp_instance',
  '10.0.0.1',
]

test('whatever a file holds, reading it ends and gives no more words than it has', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...SNIPPETS, 'include x'), { maxLength: 60 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (found) => {
      const include = (pattern: string): Included[] => [{ name: pattern, text: found }]
      const { lines } = readLines(FILE, found, { configId: 'lb1', include })
      parseStatements(lines)
      readKeepalivedFile(FILE, found, { configId: 'lb1', include })
    }),
    { numRuns: 60 },
  )
})

test('a hostile file of any length does not take long', () => {
  const startedAt = performance.now()
  for (const piece of ['{', '}', '"', '\\\n', `$A=\${A}\${A}\n`, `\${A}`, 'vrrp_instance a {', ' ', '@a ', '10.0.0.1 '])
    read(piece.repeat(100_000 / piece.length))
  assert.ok(performance.now() - startedAt < 5_000)
})
