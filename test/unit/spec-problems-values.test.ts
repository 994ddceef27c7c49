import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edited, problemsOf, type Row, tell } from '../support/lb-yaml-problems.ts'

const NODE_ADDRESS =
  'a node address is an IPv4 or IPv6 address, such as 10.17.3.12 or fd00:17::12, and not loopback, link-local, multicast or 0.0.0.0'
const SERVER_ADDRESS =
  'a server address is an IPv4 or IPv6 address, such as 10.17.4.21 or fd00:17::21, and not link-local, multicast or 0.0.0.0'
const ADVERT_INTERVAL =
  'advertInterval is a duration from 10ms to 40950ms in steps of 10ms, such as 100ms, 10s, 5m, 4h or 1d'

const rows: readonly Row[] = [
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
]

tell(rows)

test('refuses more than 100 preferred nodes', () => {
  const list = Array.from({ length: 101 }, (_, index) => `n${index}`).join(', ')
  assert.deepEqual(problemsOf(edited('62, prefer: [lb1, lb2]', `62, prefer: [${list}]`)), [
    'lb.yaml:8:59  vips.web.prefer is a list; prefer is a list of at most 100 node names',
  ])
})
