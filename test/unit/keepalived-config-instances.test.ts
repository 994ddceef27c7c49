import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceConfig } from '../../src/keepalived-config/config.ts'
import { address, at, BASE, DEFAULTS, FILE, good, instance, only, without } from '../support/read-keepalived.ts'

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
