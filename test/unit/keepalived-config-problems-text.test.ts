import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instance, problemsOf, type Row, tell, withAddress } from '../support/keepalived-problems.ts'

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

tell('a file', TEXT, (text) => text)

test('what a file is made of is no problem by itself', () => {
  assert.deepEqual(problemsOf(''), [])
  assert.deepEqual(problemsOf(instance('')), [])
  assert.deepEqual(problemsOf(withAddress('10.0.0.1/24 brd + dev eth0 label eth0:1 scope 0x5 no_track')), [])
})

test('a file that is something else is told about a thousand times at most', () => {
  assert.equal(problemsOf('word\n'.repeat(3_000)).length, 1_000)
})
