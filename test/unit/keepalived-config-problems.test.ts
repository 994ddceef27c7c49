import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'

/** What is written, and the problems that are told of it, as `line:column sentence`. */
type Row = readonly [text: string, ...problems: string[]]

function problemsOf(text: string): string[] {
  const { problems } = readKeepalivedConfig('k.conf', text, { configId: 'lb1', include: () => [] })
  return problems.map(({ line, col, message }) => `${line}:${col} ${message}`)
}

function tell(part: string, rows: readonly Row[], whole: (text: string) => string): void {
  for (const [text, ...problems] of rows)
    test(`${part}: ${JSON.stringify(text)} is told as a problem`, () => {
      assert.deepEqual(problemsOf(whole(text)), problems)
    })
}

const DEFINED = `global_defs {
enable_script_security
}
vrrp_script chk {
script "/bin/true"
}
track_file gate {
file /run/gate
}
vrrp_track_process lb {
process haproxy
}
`

function instance(text: string): string {
  return `${DEFINED}vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\n${text}\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n`
}

function withAddress(text: string): string {
  return `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.9\n${text}\n}\n}\n`
}

const INSTANCE: readonly Row[] = [
  ['state FOO', '16:7 state is FOO; it is MASTER or BACKUP, and keepalived takes BACKUP'],
  ['state MASTER\nstate BACKUP', '17:7 state of VI_1 was MASTER before, which keepalived keeps; take one away'],
  [
    'state MASTER\nnopreempt',
    '17:1 nopreempt of VI_1 does nothing with state MASTER; write state BACKUP, or take nopreempt away',
  ],
  [
    'priority 255\nnopreempt',
    '17:1 nopreempt of VI_1 does nothing with priority 255; lower it, or take nopreempt away',
  ],
  ['state MASTER\npreempt_delay 5', '17:1 preempt_delay of VI_1 does nothing with state MASTER; take one of them away'],
  ['nopreempt\npreempt_delay 5', '17:1 preempt_delay of VI_1 does nothing with nopreempt; take one of them away'],
  ['preempt_delay 1001', '16:15 preempt_delay is 1001; it is 0-1000 seconds'],
  [
    'advert_int 0.1',
    '16:1 advert_int of VI_1 is 0.1, and VRRPv2 has whole seconds (version 3 has hundredths); keepalived takes 1',
  ],
  ['advert_int 0.001', '16:12 advert_int is 0.001; it is 0.01-255 seconds'],
  [
    'version 3\nadvert_int 0.015',
    '17:1 advert_int of VI_1 is 0.015, and VRRPv3 has hundredths of a second; keepalived takes 0.02',
  ],
  [
    'version 3\nadvert_int 41',
    '17:1 advert_int of VI_1 is 41, and VRRPv3 has at most 40.95 seconds, which keepalived takes',
  ],
  ['version 4', '16:9 version is 4; a version is 2 or 3'],
  [
    'version 3\nversion 2',
    '17:1 version of VI_1 is 2, and 3 by what stands before, which keepalived keeps; take one away',
  ],
  ['priority 0', '16:10 priority is 0; a priority is 1-255, and keepalived takes 100'],
  ['priority 256', '16:10 priority is 256; a priority is 1-255, and keepalived takes 100'],
  ['priority', '16:1 priority has no value; write one behind it'],
  ['virtual_router_id 300', '16:19 virtual_router_id is 300; a virtual router id is 1-255'],
  [
    'interface a-name-that-is-too-long',
    '16:11 interface is a-name-that-is-too-long; the name of an interface has at most 15 characters',
  ],
  [
    'authentication {\nauth_type PASS\nauth_pass 123456789\n}',
    '18:11 auth_pass is longer than 8 characters, and keepalived uses the first 8; shorten it on all nodes',
  ],
  ['authentication {\nauth_type FOO\n}', '17:11 auth_type is FOO; it is PASS or AH'],
  [
    'authentication {\nauth_type PASS\n}',
    '17:1 authentication of VI_1 does nothing, because it has no auth_pass; take it away on all nodes, or mend that',
  ],
  [
    'version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}',
    '18:1 authentication of VI_1 does nothing, because VRRPv3 has none; take it away on all nodes, or mend that',
  ],
  [
    'state MASTER\npriority 90\nauthentication {\nauth_type AH\nauth_pass x\n}',
    '16:1 state of VI_1 is MASTER, which AH does not allow; write state BACKUP',
  ],
  [
    'unicast_peer {\n}',
    '16:1 VI_1 has an empty unicast_peer, so its adverts go by multicast; name the peers, or take unicast_peer away',
  ],
  [
    'unicast_src_ip 10.0.0.2',
    '16:1 VI_1 has unicast_src_ip and no unicast_peer, so its adverts go by multicast; name the peers, or take unicast_src_ip away',
  ],
  ['unicast_src_ip 10.0.0.x\nunicast_fault_no_peer', '16:16 unicast_src_ip is 10.0.0.x; it is an IP address'],
  [
    'unicast_peer {\n10.0.0.300\n10.0.0.2\n}',
    '17:1 10.0.0.300 is not an IP address, so keepalived leaves the peer out; correct it',
  ],
  [
    'unicast_peer {\n10.0.0.2\nfd00::1\n}',
    '18:1 fd00::1 is IPv6 and VI_1 is IPv4, so keepalived leaves it out; make an instance per family',
  ],
  [
    'unicast_peer {\n10.0.0.2 min_ttl 9 max_ttl 8\n}',
    '17:1 min_ttl of peer 10.0.0.2 is above its max_ttl, so its adverts are not heard; lower it',
  ],
  ['unicast_peer {\n10.0.0.2 min_ttl 300\n}', '17:18 min_ttl is 300; a TTL is 0-255'],
  ['unicast_peer {\n10.0.0.2 max_ttl\n}', '17:10 max_ttl of peer 10.0.0.2 has no value; write one behind it'],
  [
    'unicast_peer {\n10.0.0.2 ttl 5\n}',
    '17:10 keepalived knows no "ttl" behind a peer; write min_ttl, max_ttl or nothing',
  ],
  ['unicast_ttl 5', '16:1 VI_1 has unicast_ttl and no unicast_peer; name the peers, or take it away'],
  [
    'mcast_dst_ip 10.0.0.1',
    '16:14 mcast_dst_ip is 10.0.0.1; it is a multicast address, of IPv6 one that stays on its link (ff02::)',
  ],
  [
    'mcast_dst_ip 224.0.0.20\nunicast_peer {\n10.0.0.2\n}',
    '16:1 VI_1 has mcast_dst_ip and unicast peers; take one of them away',
  ],
  [
    'mcast_src_ip 10.0.0.2\nnative_ipv6',
    '17:1 VI_1 has IPv4 addresses, so keepalived passes over native_ipv6; take it away',
  ],
  [
    'use_vmac\nunicast_peer {\n10.0.0.2\n}',
    '16:1 VI_1 has use_vmac with unicast, which needs vmac_xmit_base; write that as well',
  ],
  [
    'use_vmac a-name-that-is-too-long',
    '16:10 use_vmac names a-name-that-is-too-long; the name of an interface has 1-15 characters and no /',
  ],
  [
    'old_unicast_checksum foo\nunicast_fault_no_peer',
    '16:22 old_unicast_checksum is foo; it is never, or has no value',
  ],
  ['vrf red', '16:1 VI_1 has an interface, so keepalived passes over vrf; take one of them away'],
  [
    'track_script {\nnone\n}',
    '17:1 VI_1 follows track_script none, which is not defined before this line, so keepalived leaves it out; define it above, or correct the name',
  ],
  ['track_script {\nchk\nchk\n}', '18:1 VI_1 follows track_script chk twice; take one away'],
  [
    'track_script {\nchk weight\n}',
    '17:5 weight has no value, so keepalived leaves track_script chk out; write weight and a number, or nothing',
  ],
  [
    'track_script {\nchk heavy\n}',
    '17:5 "heavy" is not known here, so keepalived leaves track_script chk out; write weight and a number, or nothing',
  ],
  ['track_script {\nchk weight 300\n}', '17:12 weight of track_script chk is 300; a weight is -253 to 253'],
  [
    'track_script {\nchk weight 3 backwards\n}',
    '17:14 keepalived knows no "backwards" behind a weight; write reverse, noreverse or nothing',
  ],
  [
    'track_interface {\neth1 weight 3 noreverse\n}',
    '17:15 keepalived knows no "noreverse" behind a weight; write reverse or nothing',
  ],
  [
    'track_file {\nnone\n}',
    '17:1 VI_1 follows track_file none, which is not defined before this line, so keepalived leaves it out; define it above, or correct the name',
  ],
  [
    'track_process {\nnone\n}',
    '17:1 VI_1 follows track_process none, which is not defined before this line, so keepalived leaves it out; define it above, or correct the name',
  ],
  [
    'priority 255\ntrack_file {\ngate\n}',
    '18:1 VI_1 follows track_file gate with a weight, which priority 255 does not allow; write weight 0',
  ],
  ['down_timer_adverts 0', '16:20 down_timer_adverts is 0; it is a number of adverts, 1-100'],
  ['skip_check_adv_addr maybe', '16:21 skip_check_adv_addr is maybe; it is on, off, or has no value'],
  ['strict_mode\npreempt_delay 5', '17:1 preempt_delay of VI_1 does nothing with strict mode; take one of them away'],
  [
    'strict_mode\nstate MASTER\npriority 90',
    '17:1 state of VI_1 is MASTER with priority 90; in strict mode MASTER is for priority 255 alone',
  ],
  ['strict_mode\ndown_timer_adverts 4', '17:1 down_timer_adverts of VI_1 is 4, and strict mode has 3; take it away'],
  [
    'strict_mode\nhigher_prio_send_advert\nlower_prio_no_advert off\ngarp_lower_prio_repeat 2\naccept',
    '18:1 lower_prio_no_advert of VI_1 is not what strict mode demands; take it away',
    '17:1 higher_prio_send_advert of VI_1 is not what strict mode demands; take it away',
    '19:1 garp_lower_prio_repeat of VI_1 is not what strict mode demands; take it away',
    '20:1 accept of VI_1 is not what strict mode demands; take it away',
  ],
  [
    'strict_mode\nauthentication {\nauth_type PASS\nauth_pass x\n}',
    '18:1 authentication of VI_1 does nothing, because strict mode has none; take it away on all nodes, or mend that',
  ],
  ['notify /bin/true\nnotify /bin/false', '17:1 notify is there twice, and keepalived takes the first; take one away'],
  ['notify_master', '16:1 notify_master has no value; write one behind it'],
  ['garp_master_delay soon', '16:19 garp_master_delay is soon; it is a whole number from 0 on'],
  ['garp_master_repeat 0', '16:20 garp_master_repeat is 0; it is a whole number from 1 on'],
  ['debug 5', '16:7 debug is 5; it is 0 to 4'],
  ['smtp_alert maybe', '16:12 smtp_alert is maybe; it is on, off, or has no value'],
  [
    'linkbeat_use_polling',
    '16:1 linkbeat_use_polling is no longer meant to be used; write linkbeat_interfaces, outside of the instance',
  ],
  ['vmac_garp_intvl 5', '16:1 vmac_garp_intvl is no longer meant to be used; write garp_extra_if'],
  [
    'lvs_sync_daemon_interface eth0',
    '16:1 lvs_sync_daemon_interface is no longer meant to be used; write lvs_sync_daemon in global_defs',
  ],
  ['priorty 100', '16:1 keepalived knows no "priorty" in vrrp_instance VI_1; correct the word, or take the line away'],
  [
    'priorty {\nx {\n}\n}',
    '16:1 keepalived knows no "priorty" in vrrp_instance VI_1; correct the word, or take the line away',
  ],
  ['state BACKUP {\n}', '16:1 state takes no block; take { and } away'],
  [
    'virtual_ipaddress_excluded more {\n10.0.0.7\n}',
    '16:28 virtual_ipaddress_excluded takes nothing before its block; take more away',
  ],
  ['virtual_routes {\n{\n}', '17:1 virtual_routes takes no blocks inside; take this { away'],
  ['authentication\n}', '16:1 authentication has no block; write { behind it'],
]

const OWN_INTERFACE: readonly Row[] = [
  [
    'track_interface {\neth0\n}',
    '17:1 track_interface eth0 of VI_1 is its own interface, so keepalived leaves it out; take it away',
  ],
  [
    'dont_track_primary\ntrack_interface {\neth0\n}',
    '18:1 track_interface eth0 of VI_1 is its own interface, so keepalived leaves it out; take dont_track_primary away instead',
  ],
  ['vmac_xmit_base', '16:1 vmac_xmit_base of VI_1 does nothing without use_vmac; take it away'],
  ['use_ipvlan', '16:1 use_ipvlan of VI_1 has no address, so it stays in FAULT; write one behind it'],
  [
    'use_vmac\npromote_secondaries',
    '17:1 promote_secondaries of VI_1 goes without saying for an interface of its own; take it away',
  ],
]

const ADDRESS: readonly Row[] = [
  [
    '10.0.0.300',
    '6:1 10.0.0.300 is not an IP address, so keepalived leaves it out; write an address first on its line',
  ],
  ['10.0.0.1/33', '6:1 the prefix length of 10.0.0.1/33 is not within 0-32, so keepalived takes 32'],
  [
    'dev eth0 10.0.0.1',
    '6:1 dev is not an IP address, so keepalived leaves it out; write an address first on its line',
  ],
  ['10.0.0.1 dev', '6:10 dev of 10.0.0.1 has no value, so keepalived leaves the address out; write one behind it'],
  ['10.0.0.1 dev eth0 dev eth1', '6:19 10.0.0.1 has dev twice, so keepalived leaves it out; take one away'],
  ['10.0.0.1 nodad', '6:10 keepalived knows no "nodad" behind an address; take it away'],
  [
    '10.0.0.1 brd 10.0.0.x',
    '6:14 brd 10.0.0.x is not an IPv4 address, so keepalived leaves 10.0.0.1 out; write one, or + or -',
  ],
  ['10.0.0.1 brd +', '6:14 10.0.0.1 is too small a network for a broadcast; write its prefix length, or take brd away'],
  [
    '10.0.0.1 label eth0:a-long-label',
    '6:16 label eth0:a-long-label is longer than 15, so keepalived leaves 10.0.0.1 out; shorten it',
  ],
  ['10.0.0.1 scope universe', '6:16 keepalived knows no scope universe; write global, site, link, host or a number'],
  ['10.0.0.1 peer fd00::1', '6:15 peer fd00::1 is not an IPv4 address as 10.0.0.1 is'],
  ['10.0.0.1/24 peer 10.0.0.2', '6:1 10.0.0.1/24 has a prefix length and a peer; take one away'],
  ['10.0.0.1 brd 10.0.0.9 peer 10.0.0.2', '6:14 10.0.0.1 has a broadcast and a peer; take one away'],
  ['10.0.0.1 preferred_lft long', '6:24 preferred_lft long is neither seconds nor forever'],
  ['fe80::1', '6:1 fe80::1/128 is IPv6 and VI_1 is IPv4, so keepalived leaves it out; make an instance per family'],
]

const GLOBALS: readonly Row[] = [
  ['router_id', '2:1 router_id has no value; write one behind it'],
  ['vrrp_version 4', '2:14 vrrp_version is 4; a version is 2 or 3'],
  ['vrrp_mcast_group4 10.0.0.1', '2:19 vrrp_mcast_group4 is 10.0.0.1; it is an IPv4 multicast address'],
  ['vrrp_mcast_group6 ff05::12', '2:19 vrrp_mcast_group6 is ff05::12; it should stay on its link (ff02::)'],
  ['vrrp_down_timer_adverts 101', '2:25 vrrp_down_timer_adverts is 101; it is a number of adverts, 1-100'],
  ['notification_email {\n}', '2:1 notification_email is empty; write something in it, or take it away'],
  ['vrrp_garp_interval x', '2:20 vrrp_garp_interval is x; it is a number of seconds above 0'],
  ['vrrp_priority 50', '2:15 vrrp_priority is 50; it is -20 to 19'],
  ['lvs_id x', '2:1 keepalived knows no "lvs_id" in global_defs; correct the word, or take the line away'],
]

const SCRIPT: readonly Row[] = [
  ['interval 1', '4:1 vrrp_script chk has no script, so keepalived leaves it out; write script "/path/to/it"'],
  [
    'script',
    '5:1 script has no value; write one behind it',
    '4:1 vrrp_script chk has no script, so keepalived leaves it out; write script "/path/to/it"',
  ],
  [
    `script "/bin/sh -c 'exit 0"`,
    '5:8 script of chk has no command, or a quote in it is not closed; write script "/path/to/it"',
    '4:1 vrrp_script chk has no script, so keepalived leaves it out; write script "/path/to/it"',
  ],
  ['script /bin/true\ninterval 0', '6:1 interval is 0; it is a number of seconds above 0'],
  ['script /bin/true\ntimeout x', '6:9 timeout is x; it is a number of seconds above 0'],
  ['script /bin/true\nweight 254', '6:8 weight is 254; a weight is -253 to 253'],
  [
    'script /bin/true\nweight 3 backwards',
    '6:10 keepalived knows no "backwards" behind a weight; write reverse or nothing',
  ],
  ['script /bin/true\nrise 0', '6:6 rise is 0; it is a count from 1 on'],
]

const TRACK_FILE: readonly Row[] = [
  ['weight 3', '1:1 track_file gate has no file, so keepalived leaves it out; write file "/path/to/it"'],
  ['file /a\nfile /b', '3:1 file of gate is there twice; take one away'],
  ['file /a\nweight 3\nweight 4', '4:1 weight of gate is there twice; take one away'],
  ['file /a\nweight 255', '3:8 weight is 255; a weight is -254 to 254'],
  ['file /a\ninit_file 300', '3:11 init_file has 300; it is a number, -254 to 254, or overwrite'],
]

const TRACK_PROCESS: readonly Row[] = [
  ['weight 3', '1:1 vrrp_track_process lb has no process, so keepalived leaves it out; write process NAME'],
  ['process a\nprocess b', '3:1 process of lb is there twice; take one away'],
  ['process a\nweight 3\nweight 4', '4:1 weight of lb is there twice; take one away'],
  ['process a\nquorum 0', '3:8 quorum is 0; it is a number of processes, 1 to 65535'],
  ['process a\nquorum 3\nquorum_max 2', '4:1 quorum_max of lb is below its quorum; write at least 3'],
  ['process a\nquorum_max 2\nquorum 3', '4:1 quorum of lb is above its quorum_max; lower it'],
  ['process a\nparam_match some', '3:13 param_match is some; it is initial, partial or nothing'],
  ['process a\ndelay 4000', '3:7 delay is 4000; it is a number of seconds, up to 3600'],
]

const TEXT: readonly Row[] = [
  ['}', '1:1 this } closes nothing; take it away, or look for a missing { before it'],
  ['{\n}', '1:1 this { begins no block; take it away, or write before it what it belongs to'],
  ['vrrp_instance {\n}', '1:1 vrrp_instance needs one name, so keepalived leaves it out; write one word behind it'],
  ['vrrp_instance a b {\n}', '1:1 vrrp_instance needs one name, so keepalived leaves it out; write one word behind it'],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}',
    '1:1 the block of vrrp_instance VI_1 is not closed before the end of the file; close it with }',
  ],
  [
    'vrrp_instance VI_1 {\n}',
    '1:1 VI_1 has no virtual_router_id, so keepalived does not start; write one of 1-255',
    '1:1 VI_1 has no interface, so keepalived does not start; write the one that its adverts go through',
    '1:1 VI_1 has no address in virtual_ipaddress, so keepalived moves nothing; write one',
  ],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nversion 3\n}',
    '1:1 VI_1 has no address in virtual_ipaddress, so keepalived does not start; write one',
  ],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\nvrrp_instance VI_2 {\ninterface eth0\nvirtual_router_id 8\nvirtual_ipaddress {\n10.0.0.2\n}\n}',
    '7:1 vrrp_instance begins inside of the block of vrrp_instance VI_1; close that block with } before it',
  ],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\n}\nvrrp_instance VI_2 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.2\n}\n}',
    '10:1 VI_2 has virtual router id 9 on eth0, as VI_1 has (k.conf:1), so keepalived does not start; give it another one',
  ],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\n}\nvrrp_instance VI_1 {\n}',
    '8:15 vrrp_instance VI_1 is there already (k.conf:1), so keepalived leaves this one out; give it another name',
  ],
  [
    'vrrp_script chk {\nscript /bin/true\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\n}',
    '2:1 keepalived runs this script without enable_script_security; write that and script_user in global_defs',
  ],
  [
    'vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nnotify /bin/true\nvirtual_ipaddress {\n10.0.0.1\n}\n}',
    '4:1 keepalived runs this script without enable_script_security; write that and script_user in global_defs',
  ],
  [
    'vrrp_sync_group G {\n}',
    '1:1 vrrp_sync_group G has no group, so keepalived leaves it out; name its instances in group',
  ],
  [
    'vrrp_sync_group G {\ngroup {\n}\n}',
    '2:1 group of G is empty; name its instances',
    '1:1 vrrp_sync_group G has no group, so keepalived leaves it out; name its instances in group',
  ],
  ['vrrp_sync_group {\n}', '1:1 vrrp_sync_group needs one name, so keepalived leaves it out; write one word behind it'],
  [
    'vrrp_sync_group G {\ngroup {\nVI_1\n}\nglobal_tracking\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\n}',
    '5:1 global_tracking is no longer meant to be used; write sync_group_tracking_weight',
    '1:1 vrrp_sync_group G has one instance alone; name another one, or take the group away',
  ],
  [
    'vrrp_sync_group G {\ngroup {\nVI_1\nVI_1\nVI_2\n}\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.1\n}\n}',
    '4:1 VI_1 is in vrrp_sync_group G already; take it out of one',
    '5:1 vrrp_sync_group G names VI_2, which is no vrrp_instance; correct the name',
    '1:1 vrrp_sync_group G has one instance alone; name another one, or take the group away',
  ],
  [
    'virtual_server 10.0.0.1 80 {\nreal_server {\n}',
    '1:28 the block that begins here is not closed before the end of the file; close it with }',
  ],
  [
    'router_id "x',
    '1:1 a quote (") is not closed on its line; close it',
    '1:1 keepalived knows no "router_id" outside of blocks; correct the word, or take the line away',
  ],
  ['# a comment \\', '1:1 this line ends with \\, which goes on only in a parameter ($NAME=...); write it on one line'],
  [
    'includem /nowhere',
    '1:1 no file is found for includem /nowhere; write the file, or plain include where it may be missing',
  ],
  [
    '\ufeffuse_pid_dir',
    '1:1 the file begins with a byte order mark, which keepalived takes for a part of the first word; save it as UTF-8 without one',
  ],
]

tell('an instance', INSTANCE, instance)
tell('an instance', OWN_INTERFACE, instance)
tell('an address', ADDRESS, withAddress)
tell('global_defs', GLOBALS, (text) => `global_defs {\n${text}\n}\n`)
tell('a script', SCRIPT, (text) => `global_defs {\nenable_script_security\n}\nvrrp_script chk {\n${text}\n}\n`)
tell('a track_file', TRACK_FILE, (text) => `track_file gate {\n${text}\n}\n`)
tell('a track_process', TRACK_PROCESS, (text) => `vrrp_track_process lb {\n${text}\n}\n`)
tell('a file', TEXT, (text) => text)

test('what a file is made of is no problem by itself', () => {
  assert.deepEqual(problemsOf(''), [])
  assert.deepEqual(problemsOf(instance('')), [])
  assert.deepEqual(problemsOf(withAddress('10.0.0.1/24 brd + dev eth0 label eth0:1 scope 0x5 no_track')), [])
})

test('a file that is something else is told about a thousand times at most', () => {
  assert.equal(problemsOf('word\n'.repeat(3_000)).length, 1_000)
})
