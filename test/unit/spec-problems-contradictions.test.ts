import { type Row, tell } from '../support/lb-yaml-problems.ts'

const rows: readonly Row[] = [
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
]

tell(rows)
