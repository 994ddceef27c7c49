import { type Row, tell } from '../support/keepalived-problems.ts'

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

tell('global_defs', GLOBALS, (text) => `global_defs {\n${text}\n}\n`)
tell('a script', SCRIPT, (text) => `global_defs {\nenable_script_security\n}\nvrrp_script chk {\n${text}\n}\n`)
tell('a track_file', TRACK_FILE, (text) => `track_file gate {\n${text}\n}\n`)
tell('a track_process', TRACK_PROCESS, (text) => `vrrp_track_process lb {\n${text}\n}\n`)
