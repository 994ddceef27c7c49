import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'

const BASE = `version: 1
cluster: home
nodes:
  lb1: { address: 10.0.0.11, interface: eth0 }
  lb2: { address: 10.0.0.12, interface: eth0 }
vips:
  api: { address: 10.0.0.10, virtualRouterId: 61, prefer: [lb1, lb2] }
  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: [lb1, lb2] }
pools:
  masters: { m1: 10.0.0.31, m2: 10.0.0.32 }
services:
  kube: { vip: api, port: 6443, pool: masters, profile: kubernetes-api }
  http: { vip: web, port: 80, pool: masters }
`

const NODE_ADDRESS =
  'a node address is an IPv4 or IPv6 address, such as 10.17.3.12 or fd00:17::12, and not loopback, link-local, multicast or 0.0.0.0'
const SERVER_ADDRESS =
  'a server address is an IPv4 or IPv6 address, such as 10.17.4.21 or fd00:17::21, and not link-local, multicast or 0.0.0.0'
const ADVERT_INTERVAL =
  'advertInterval is a duration from 10ms to 40950ms in steps of 10ms, such as 100ms, 10s, 5m, 4h or 1d'

/** Each row: what is observed, an edit of BASE, and all that is reported. */
const rows: [name: string, from: string, to: string, ...problems: string[]][] = [
  [
    'refuses a number that is out of range',
    'virtualRouterId: 61',
    'virtualRouterId: 300',
    'lb.yaml:7:47  vips.api.virtualRouterId is 300; a virtual router id is 1-255',
  ],
  [
    'refuses a value of the wrong type',
    'port: 6443',
    'port: "6443"',
    'lb.yaml:12:27  services.kube.port is "6443"; a port is 1-65535; write it without quotes',
  ],
  [
    'refuses text that is no number in quotes',
    'port: 6443',
    'port: "06443"',
    'lb.yaml:12:27  services.kube.port is "06443"; a port is 1-65535',
  ],
  [
    'refuses a yes in quotes',
    'virtualRouterId: 61',
    "virtualRouterId: '61', requireHealthyOnce: 'true'",
    'lb.yaml:7:47  vips.api.virtualRouterId is "61"; a virtual router id is 1-255; write it without quotes',
    'lb.yaml:7:73  vips.api.requireHealthyOnce is "true"; requireHealthyOnce is true or false; write it without quotes',
  ],
  [
    'refuses a server with its port, and says how to write both',
    'm1: 10.0.0.31, m2: 10.0.0.32',
    'm1: 10.0.0.31:6443, m2: "[fd00::32]:6443", m3: { address: 10.0.0.33:6443 }',
    `lb.yaml:10:18  pools.masters.m1 is "10.0.0.31:6443"; ${SERVER_ADDRESS}; write { address: 10.0.0.31, port: 6443 }`,
    `lb.yaml:10:38  pools.masters.m2 is "[fd00::32]:6443"; ${SERVER_ADDRESS}; write { address: "fd00::32", port: 6443 }`,
    `lb.yaml:10:72  pools.masters.m3.address is "10.0.0.33:6443"; ${SERVER_ADDRESS}; write { address: 10.0.0.33, port: 6443 }`,
  ],
  [
    'refuses a list where a mapping belongs',
    '{ vip: web, port: 80, pool: masters }',
    '[web, 80]',
    'lb.yaml:13:9  services.http is a list; a service is a mapping with the keys vip, port, pool, profile, minimumServers, balance, serverPort, sendProxy, check, timeouts',
  ],
  [
    'points at what should hold a missing key',
    'address: 10.0.0.11, ',
    '',
    `lb.yaml:4:3  nodes.lb1.address is missing; ${NODE_ADDRESS}`,
  ],
  [
    'points at an unknown key and names the likely one',
    'virtualRouterId: 61',
    'virtualRouterID: 61',
    'lb.yaml:7:3  vips.api.virtualRouterId is missing; a virtual router id is 1-255',
    'lb.yaml:7:30  vips.api.virtualRouterID is not a key here; the keys are address, virtualRouterId, prefer, extraAddresses, requireHealthyOnce; did you mean virtualRouterId?',
  ],
  [
    'says what makes a key and its value one',
    'virtualRouterId: 61',
    'virtualRouterId:61',
    'lb.yaml:7:3  vips.api.virtualRouterId is missing; a virtual router id is 1-255',
    'lb.yaml:7:30  vips.api["virtualRouterId:61"] is not a key here; the keys are address, virtualRouterId, prefer, extraAddresses, requireHealthyOnce; a blank is missing after the ":"',
  ],
  [
    'points at the second of two equal keys',
    '  http: {',
    '  kube: {',
    'lb.yaml:13:3  services.kube is given twice; the first is in line 12',
  ],
  [
    'refuses a value that is none of a choice',
    'profile: kubernetes-api',
    'profile: kubernetes',
    'lb.yaml:12:57  services.kube.profile is "kubernetes"; a profile is kubernetes-api, tcp or http',
  ],
  ['refuses another version of the format', 'version: 1', 'version: 2', 'lb.yaml:1:10  version is 2; version is 1'],
  [
    'refuses a name that HAProxy could not read',
    '  kube:',
    '  "ku be":',
    'lb.yaml:12:3  services["ku be"] is not a name here; a service name is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone',
  ],
  [
    'refuses a VIP name with capitals',
    '  web: {',
    '  Web: {',
    'lb.yaml:8:3  vips.Web is not a name here; a VIP name is 1-32 lower-case letters, digits or "-", begins with a letter or digit, and is not a number alone',
    'lb.yaml:13:16  services.http.vip is "web"; the VIPs are api, Web; did you mean Web?',
  ],
  [
    'refuses a key with a meaning of its own in JavaScript',
    '  http: {',
    '  __proto__: {',
    'lb.yaml:13:3  services.__proto__ is no key; "__proto__" has a meaning of its own in JavaScript',
  ],
  [
    'refuses a loopback node',
    '10.0.0.11',
    '127.0.0.1',
    `lb.yaml:4:19  nodes.lb1.address is "127.0.0.1"; ${NODE_ADDRESS}`,
  ],
  [
    'refuses leading zeros in an address',
    '10.0.0.11',
    '10.0.0.011',
    `lb.yaml:4:19  nodes.lb1.address is "10.0.0.011"; ${NODE_ADDRESS}`,
  ],
  [
    'refuses a host name as a server',
    'm1: 10.0.0.31',
    'm1: master1.lan',
    'lb.yaml:10:18  pools.masters.m1 is "master1.lan"; a server address is an IPv4 or IPv6 address, such as 10.17.4.21 or fd00:17::21, and not link-local, multicast or 0.0.0.0',
  ],
  [
    'reports a server mapping by its own keys',
    'm1: 10.0.0.31',
    'm1: { address: 10.0.0.31, wieght: 2 }',
    'lb.yaml:10:40  pools.masters.m1.wieght is not a key here; the keys are address, port, weight, backup; did you mean weight?',
  ],
  [
    'names both forms of a server when it is neither',
    'm1: 10.0.0.31',
    'm1: 31',
    'lb.yaml:10:18  pools.masters.m1 is 31; a server is an address, or a mapping with the keys address, port, weight, backup',
  ],
  [
    'refuses an empty pool',
    '{ m1: 10.0.0.31, m2: 10.0.0.32 }',
    '{}',
    'lb.yaml:10:12  pools.masters is an empty mapping; a pool is a mapping of at least one name',
  ],
  [
    'refuses an empty prefer list',
    '62, prefer: [lb1, lb2]',
    '62, prefer: []',
    'lb.yaml:8:59  vips.web.prefer is an empty list; prefer is a list of at least one node name, best first',
  ],
  [
    'refuses an advert interval between two steps',
    'pools:',
    'vrrp: { advertInterval: 105ms }\npools:',
    `lb.yaml:9:25  vrrp.advertInterval is "105ms"; ${ADVERT_INTERVAL}`,
  ],
  [
    'refuses an advert interval that is too short and between two steps, in one sentence',
    'pools:',
    'vrrp: { advertInterval: 5ms }\npools:',
    `lb.yaml:9:25  vrrp.advertInterval is "5ms"; ${ADVERT_INTERVAL}`,
  ],
  [
    'refuses an advert interval that VRRP cannot carry',
    'pools:',
    'vrrp: { advertInterval: 41s }\npools:',
    `lb.yaml:9:25  vrrp.advertInterval is "41s"; ${ADVERT_INTERVAL}`,
  ],
  [
    'refuses a duration without a unit',
    'pools:',
    'vrrp: { advertInterval: 100 }\npools:',
    `lb.yaml:9:25  vrrp.advertInterval is 100; ${ADVERT_INTERVAL}`,
  ],
  [
    'refuses a way of failing back that there is not',
    'pools:',
    'vrrp: { failback: never }\npools:',
    'lb.yaml:9:19  vrrp.failback is "never"; failback is manual, or a mapping with the key after',
  ],
  [
    'refuses a failback without a unit',
    'pools:',
    'vrrp: { failback: { after: 10 } }\npools:',
    'lb.yaml:9:28  vrrp.failback.after is 10; after is a duration from 0ms to 1h, such as 100ms, 10s, 5m, 4h or 1d',
  ],
  [
    'refuses a service on an unknown VIP',
    'vip: web',
    'vip: wbe1',
    'lb.yaml:13:16  services.http.vip is "wbe1"; the VIPs are api, web',
  ],
  [
    'refuses a service on an unknown pool and names the likely one',
    'port: 80, pool: masters',
    'port: 80, pool: master',
    'lb.yaml:13:37  services.http.pool is "master"; the pools are masters; did you mean masters?',
  ],
  [
    'refuses a port that another service has on the same VIP',
    'vip: web, port: 80',
    'vip: api, port: 6443',
    'lb.yaml:13:27  services.http.port is 6443; service kube has this port of VIP api already',
  ],
  [
    'refuses two VIPs with one address',
    '10.0.0.20',
    '10.0.0.10/24',
    'lb.yaml:8:19  vips.web.address is "10.0.0.10"; vips.api.address has this address already',
  ],
  [
    'refuses an extra address that is a VIP',
    'virtualRouterId: 62',
    'virtualRouterId: 62, extraAddresses: [10.0.0.10]',
    'lb.yaml:8:68  vips.web.extraAddresses[0] is "10.0.0.10"; vips.api.address has this address already',
  ],
  [
    'refuses a VIP with the address of a node',
    '10.0.0.20',
    '10.0.0.12',
    'lb.yaml:8:19  vips.web.address is "10.0.0.12"; nodes.lb2.address has this address already',
  ],
  [
    'refuses two nodes with one address',
    '10.0.0.12',
    '10.0.0.11',
    'lb.yaml:5:19  nodes.lb2.address is "10.0.0.11"; nodes.lb1.address has this address already',
  ],
  [
    'refuses a VIP that is the broadcast address of its network',
    '10.0.0.20',
    '10.0.0.255/24',
    'lb.yaml:8:19  vips.web.address is "10.0.0.255/24"; that is the broadcast address of 10.0.0.0/24, which reaches no node; take another address, or the prefix length of its network',
  ],
  [
    'refuses a VIP that is the network itself',
    '10.0.0.20',
    '10.0.16.0/20',
    'lb.yaml:8:19  vips.web.address is "10.0.16.0/20"; that is the network address of 10.0.16.0/20, which reaches no node; take another address, or the prefix length of its network',
  ],
  [
    'refuses an extra address that the routers of its network have',
    'virtualRouterId: 62',
    'virtualRouterId: 62, extraAddresses: ["fd00:17::/64"]',
    'lb.yaml:8:68  vips.web.extraAddresses[0] is "fd00:17::/64"; that is the subnet-router anycast address of fd00:17::/64, which reaches no node; take another address, or the prefix length of its network',
  ],
  [
    'takes both addresses of a network of two, and what is highest only by its last octet',
    'virtualRouterId: 62',
    'virtualRouterId: 62, extraAddresses: [10.0.4.0/31, 10.0.4.3/31, 10.0.4.255/23, 10.0.5.0/23, 10.0.6.255, "fd00:17::/127"]',
  ],
  [
    'refuses a virtual router id that another VIP has',
    'virtualRouterId: 62',
    'virtualRouterId: 61',
    'lb.yaml:8:47  vips.web.virtualRouterId is 61; IPv4 VIP api has this virtual router id already',
  ],
  [
    'refuses a node that no VIP prefers',
    'vips:',
    '  lb3: { address: 10.0.0.13, interface: eth0 }\nvips:',
    'lb.yaml:6:3  nodes.lb3 is in no prefer list; add it to that of a VIP, or remove the node',
  ],
  [
    'refuses an unknown node in a prefer list',
    '62, prefer: [lb1, lb2]',
    '62, prefer: [lb1, lb-2]',
    'lb.yaml:8:65  vips.web.prefer[1] is "lb-2"; the nodes are lb1, lb2; did you mean lb2?',
  ],
  [
    'refuses a node that stands twice in a prefer list',
    '62, prefer: [lb1, lb2]',
    '62, prefer: [lb1, lb2, lb1]',
    'lb.yaml:8:70  vips.web.prefer[2] is "lb1"; this node stands in the list already',
  ],
  [
    'refuses two servers with one address and port',
    'm2: 10.0.0.32',
    'm2: { address: 10.0.0.31 }',
    'lb.yaml:10:33  pools.masters.m2 is "10.0.0.31"; server m1 of this pool has this address already',
  ],
  [
    'refuses unicast between nodes of different IP versions',
    '10.0.0.12',
    'fd00::12',
    'lb.yaml:7:59  vips.api.prefer mixes IP versions (lb1 by IPv4; lb2 by IPv6); unicast VRRP needs nodes of one',
    'lb.yaml:8:59  vips.web.prefer mixes IP versions (lb1 by IPv4; lb2 by IPv6); unicast VRRP needs nodes of one',
  ],
  [
    'refuses a unicast VIP of another IP version than its nodes',
    '10.0.0.20',
    'fd00::20',
    'lb.yaml:8:19  vips.web.address is "fd00::20"; its nodes have IPv4 addresses, and unicast VRRP announces only VIPs of the same IP version; an address of the other version can go into extraAddresses',
  ],
  [
    'refuses a path in a check that only connects',
    'port: 80, ',
    'port: 80, check: { path: /healthz }, ',
    'lb.yaml:13:40  services.http.check.path has no use in a check of type tcp; set type to http or https',
  ],
  [
    'refuses 401 both expected and down',
    'profile: kubernetes-api',
    'check: { type: http, expect: [401], unauthorized: down }',
    'lb.yaml:12:98  services.kube.check.unauthorized is "down"; expect has 401; remove one of the two',
  ],
  [
    'refuses an alias and asks for the value',
    'prefer: [lb1, lb2] }\n  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: [lb1, lb2]',
    'prefer: &all [lb1, lb2] }\n  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: *all',
    'lb.yaml:8:59  vips.web.prefer is an alias (*all); write the value itself',
  ],
  [
    'refuses a tag',
    'cluster: home',
    'cluster: !secret home',
    'lb.yaml:2:10  this tag is not known; no value needs a tag',
  ],
  [
    'refuses a second document',
    'services:',
    'services: {}\n---\nversion: 1\nservices:',
    'lb.yaml:12:1  a second document begins here; the file is one YAML document',
  ],
  [
    'reports a syntax error where it is',
    'cluster: home',
    'cluster: @home',
    'lb.yaml:2:10  this is not YAML: Plain value cannot start with reserved character @',
  ],
  [
    'keeps a password out of its messages',
    'cluster: home',
    'cluster: https://git:s3cret@git.lan/x',
    'lb.yaml:2:10  cluster is "https://...@git.lan/x"; a cluster name is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone',
  ],
]

for (const [name, from, to, ...problems] of rows) {
  test(name, () => assert.deepEqual(problemsOf(edited(from, to)), problems))
}

test('reports all problems at once, those between parts too, in the order of the file', () => {
  const text = edited('virtualRouterId: 61', 'virtualRouterId: 300').replace('pool: masters }', 'pool: mastres }')
  assert.deepEqual(problemsOf(text.replace('vip: api', 'vip: apo').replace('cluster: home', 'clutser: home')), [
    'lb.yaml:1:1  cluster is missing; a cluster name is 1-63 letters, digits, "_", "." or "-", begins with a letter or digit, and is not a number alone',
    'lb.yaml:2:1  clutser is not a key here; the keys are version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept; did you mean cluster?',
    'lb.yaml:7:47  vips.api.virtualRouterId is 300; a virtual router id is 1-255',
    'lb.yaml:12:16  services.kube.vip is "apo"; the VIPs are api, web; did you mean api?',
    'lb.yaml:13:37  services.http.pool is "mastres"; the pools are masters; did you mean masters?',
  ])
})

test('refuses more than 100 preferred nodes', () => {
  const list = Array.from({ length: 101 }, (_, index) => `n${index}`).join(', ')
  assert.deepEqual(problemsOf(edited('62, prefer: [lb1, lb2]', `62, prefer: [${list}]`)), [
    'lb.yaml:8:59  vips.web.prefer is a list; prefer is a list of at most 100 node names',
  ])
})

test('refuses an alias bomb at its first alias', () => {
  const bomb = 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n'
  assert.equal(
    problemsOf(bomb)[4],
    'lb.yaml:1:1  a is not a key here; the keys are version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept',
  )
  assert.equal(problemsOf(bomb)[6], 'lb.yaml:2:8  b[0] is an alias (*a); write the value itself')
})

test('refuses a file of 2 MB unread', () => {
  assert.deepEqual(problemsOf('a'.repeat(2_000_000)), ['lb.yaml  the file is 1954 KiB; at most 256 KiB are read'])
})

test('refuses an empty file', () => {
  assert.deepEqual(problemsOf(''), ['lb.yaml  the file is empty'])
  assert.deepEqual(problemsOf('# nothing yet\n'), ['lb.yaml  the file is empty'])
})

test('refuses a file that is not a mapping', () => {
  assert.deepEqual(problemsOf('- version: 1\n'), [
    'lb.yaml:1:1  the file is a list; the file is a mapping with the keys version, cluster, nodes, vrrp, vips, pools, services, haproxy, accept',
  ])
})

test('refuses a file that is nested beyond reason', () => {
  assert.deepEqual(problemsOf(`${'- '.repeat(14)}x`).slice(1), [
    'lb.yaml:1:27  [0][0][0][0][0][0][0][0][0][0][0][0][0] is nested too deeply; nothing here is',
  ])
})

test('lists 200 problems and counts the rest', () => {
  const text = Array.from({ length: 300 }, (_, index) => `k${index}: 1\n`).join('')
  const problems = problemsOf(text)
  assert.equal(problems.length, 201)
  assert.equal(problems.at(-1), 'lb.yaml  104 more problems are not listed')
})

function problemsOf(text: string): string[] {
  const parsed = parseSpec(text, 'lb.yaml')
  return parsed.kind === 'spec' ? [] : parsed.problems.map(formatProblem)
}

function edited(from: string, to: string): string {
  assert.ok(BASE.includes(from), `the base file has ${from}`)
  return BASE.replace(from, () => to)
}

test('reads the file that these tests edit', () => assert.deepEqual(problemsOf(BASE), []))
