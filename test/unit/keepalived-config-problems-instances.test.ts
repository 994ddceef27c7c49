import { instance, type Row, tell } from '../support/keepalived-problems.ts'

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

tell('an instance', INSTANCE, instance)
tell('an instance', OWN_INTERFACE, instance)
