import { type RuleCase, SCRIPT } from './rule-case.ts'

/** What keepalived refuses, drops or reads otherwise than it is written. */
export const KEEPALIVED_CASES: readonly RuleCase[] = [
  {
    observed: 'one virtual router id for two instances on an interface',
    rule: 'KEEPALIVED',
    found: {
      lb1: [
        [
          'vrrp_instance api {',
          `vrrp_instance web {
  interface eth0
  version 3
  virtual_router_id 61
  advert_int 0.1
  unicast_src_ip 10.0.0.11
  unicast_peer {
    10.0.0.12
  }
  virtual_ipaddress {
    10.0.0.20/32
  }
}
vrrp_instance api {`,
        ],
      ],
    },
    says: [
      'error KEEPALIVED keepalived does not start with this file, and its node takes no part: api has virtual router id 61 on eth0, as web has (lb1.conf:26, lb1.conf:9) → give it another one',
    ],
    near: {},
  },
  {
    observed: 'a word that keepalived does not know',
    rule: 'KEEPALIVED',
    found: { both: [['  state BACKUP', '  stat BACKUP']] },
    says: [
      'error KEEPALIVED keepalived knows no "stat" in vrrp_instance api (lb1.conf:10, lb2.conf:10) → correct the word, or take the line away',
    ],
    near: {},
  },
  {
    observed: 'a word that does nothing',
    rule: 'KEEPALIVED',
    found: { lb1: [['  state BACKUP', '  state MASTER\n  nopreempt']] },
    says: [
      'warning KEEPALIVED nopreempt of api does nothing with state MASTER (lb1.conf:11) → write state BACKUP, or take nopreempt away',
    ],
    near: { lb1: [['  state BACKUP', '  state BACKUP\n  nopreempt']] },
  },
  {
    observed: 'an interface that is followed anyway',
    rule: 'KEEPALIVED',
    found: { lb1: [['  track_script {', '  track_interface {\n    eth0\n  }\n  track_script {']] },
    says: [
      'warning KEEPALIVED track_interface eth0 of api is its own interface, so keepalived leaves it out (lb1.conf:24) → take it away',
    ],
    near: { lb1: [['  track_script {', '  track_interface {\n    eth1\n  }\n  track_script {']] },
  },
  {
    observed: 'arguments without quotes',
    rule: 'KEEPALIVED',
    found: { both: [[SCRIPT, 'script /usr/bin/killall -0 haproxy']] },
    says: [
      'error KEEPALIVED serves runs /usr/bin/killall alone: without quotes keepalived passes on no arguments, and -0 haproxy is lost (lb1.conf:6, lb2.conf:6) → script "/usr/bin/killall -0 haproxy"',
    ],
    near: { both: [[SCRIPT, 'script "/usr/bin/killall -0 haproxy"']] },
  },
  {
    observed: 'a pipe without a shell',
    rule: 'KEEPALIVED',
    found: { both: [[SCRIPT, 'script "/usr/bin/curl -s 127.0.0.1 | grep ok"']] },
    says: [
      'warning KEEPALIVED serves has | in its command, and keepalived starts no shell: what stands there are arguments of the program, and the check does not do what it says (lb1.conf:6, lb2.conf:6) → script "/bin/sh -c \'…\'", or a script of its own',
    ],
    near: { both: [[SCRIPT, `script "/bin/sh -c '/usr/bin/curl -s 127.0.0.1 | grep ok'"`]] },
  },
  {
    observed: 'a part that is not read',
    rule: 'KEEPALIVED',
    found: { both: [['global_defs', '~SEQ(X,1,2) foo\nglobal_defs']] },
    says: [
      'note KEEPALIVED ~SEQ(X,1,2) foo is not read, so there may be more in this file than the proof knows (lb1.conf:1, lb2.conf:1) → write it out (~SEQ, ~LST, parameters of several lines)',
    ],
    near: {},
  },
]
