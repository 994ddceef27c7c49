import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KeepalivedNode } from '../../src/proof/of-keepalived.ts'
import { proveFiles } from '../../src/rules/prove.ts'
import { RULE_TEXTS, severities } from '../../src/rules/rule-texts.ts'
import { RULE_IDS, type RuleId } from '../../src/spec/rule-ids.ts'
import { type Edit, type Edits, haproxyOf, ofRule, pairOf, told } from './rules-fixture.ts'

/** `haproxy`: edits of the haproxy.cfg, which is there only then. `scripts`: texts beside keepalived.conf. */
type Files = Edits & { haproxy?: readonly Edit[]; scripts?: ReadonlyMap<string, string> }
type Case = { observed: string; rule: RuleId; found: Files; says: readonly string[]; near: Files }

const WEIGHT = (weight: number): Edit => ['  interval 1', `  interval 1\n  weight ${weight}`]
const BY_MULTICAST: readonly Edit[] = [
  ['  unicast_src_ip', '  mcast_src_ip'],
  ['  unicast_peer {\n    10.0.0.', '#'],
  ['\n  }\n  virtual_ipaddress {', '\n  virtual_ipaddress {'],
]
const V2: readonly Edit[] = [
  ['  version 3', '  version 2'],
  ['  advert_int 0.1', '  advert_int 1'],
]
const AUTH = (password: string): Edit => [
  '  virtual_ipaddress {',
  `  authentication {\n    auth_type PASS\n    auth_pass ${password}\n  }\n  virtual_ipaddress {`,
]
const SCRIPT = 'script "/usr/bin/curl -fsm1 http://127.0.0.1:6443/healthz"'

const cases: readonly Case[] = [
  {
    observed: 'a check that sees the process alone',
    rule: 'TAKEOVER',
    found: { both: [[SCRIPT, 'script "/usr/bin/killall -0 haproxy"']] },
    says: [
      'error TAKEOVER a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: nothing that keepalived follows there notices it (serves), and lb2 could serve it (lb1.conf:14, lb1.conf:24) → a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it, and for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints both',
    ],
    near: {},
  },
  {
    observed: 'a check with weight 0 that asks the VIP itself',
    rule: 'TAKEOVER',
    found: { both: [[SCRIPT, 'script "/usr/bin/curl -fkm1 https://10.0.0.10:6443/readyz"']] },
    says: [
      'error TAKEOVER nobody holds 10.0.0.10 while all is well (lb1.conf:14, lb2.conf:14) → see the other findings; a node must be without FAULT',
      'error TAKEOVER serves asks 10.0.0.10 itself, with weight 0: while nobody holds it nobody answers, so every node goes to FAULT, and none of them ever takes it (lb1.conf:24, lb2.conf:24) → ask 127.0.0.1 instead; or ask 10.0.0.10 only where it is: ip addr | grep -qw 10.0.0.10 || exit 0 before it',
    ],
    near: { both: [[SCRIPT, 'script "/usr/bin/curl -fkm1 https://10.0.0.11:6443/readyz"']] },
  },
  {
    observed: 'a check with a weight that asks the VIP itself',
    rule: 'TAKEOVER',
    found: {
      both: [WEIGHT(-50), [SCRIPT, 'script "/etc/keepalived/check.sh"']],
      scripts: new Map([
        ['/etc/keepalived/check.sh', '#!/bin/sh\nVIP=10.0.0.10\ncurl -fkm1 "https://$VIP:6443/readyz" || exit 1\n'],
      ]),
    },
    says: [
      'error TAKEOVER a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: nothing that keepalived follows there notices it (serves), and lb2 could serve it (lb1.conf:15, lb1.conf:25) → a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it, and for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints both',
      'warning TAKEOVER serves asks 10.0.0.10 itself: whoever holds it, all nodes get the same answer, so that the weight moves nothing (lb1.conf:25, lb2.conf:25) → ask 127.0.0.1 instead; or ask 10.0.0.10 only where it is: ip addr | grep -qw 10.0.0.10 || exit 0 before it',
    ],
    near: {
      both: [[SCRIPT, 'script "/etc/keepalived/check.sh"']],
      scripts: new Map([
        [
          '/etc/keepalived/check.sh',
          '#!/bin/sh\nVIP=10.0.0.10\ncurl -fkm1 https://localhost:6443/readyz || exit 1\nif ip addr | grep -q "$VIP"; then\n  curl -fkm1 "https://$VIP:6443/readyz" || exit 1\nfi\n',
        ],
      ]),
    },
  },
  {
    observed: 'a check that ends well whatever it has seen',
    rule: 'SCRIPT-STATUS',
    found: { both: [[SCRIPT, `script "/bin/sh -c 'pidof haproxy || true'"`]] },
    says: [
      'warning SCRIPT-STATUS serves ends with exit status 0 whatever it has seen: keepalived never learns of a failure, so the table takes it to notice nothing (lb1.conf:24, lb2.conf:24) → let what looks be the last command, without || true or exit 0 behind it',
    ],
    near: { both: [[SCRIPT, `script "/bin/sh -c 'pidof haproxy || exit 1; exit 0'"`]] },
  },
  {
    observed: 'a check that starts HAProxy again',
    rule: 'SCRIPT-STATUS',
    found: { both: [[SCRIPT, `script "/bin/sh -c 'pgrep haproxy || systemctl restart haproxy'"`]] },
    says: [
      'warning SCRIPT-STATUS serves starts HAProxy again and ends as that does: keepalived learns of a failure only when HAProxy does not start, and later than the table says (lb1.conf:24, lb2.conf:24) → let systemd start it again (Restart=always in haproxy.service), and let the check only look',
    ],
    near: {
      both: [[SCRIPT, `script "/bin/sh -c 'pgrep haproxy || systemctl restart haproxy; sleep 1; pgrep haproxy'"`]],
    },
  },
  {
    observed: 'a check of a port that no frontend has',
    rule: 'SCRIPT-PORT',
    found: { haproxy: [], both: [[SCRIPT, 'script "/usr/bin/curl -fkm1 https://localhost:8443/readyz"']] },
    says: [
      'warning SCRIPT-PORT serves asks port 8443, and no frontend of haproxy.cfg listens there: it looks at another program, and the table takes it to look at HAProxy (lb1.conf:24, lb2.conf:24) → the port of a frontend',
    ],
    near: { haproxy: [], both: [[SCRIPT, 'script "/usr/bin/curl -fkm1 https://localhost:6443/readyz"']] },
  },
  {
    observed: 'a script that calls nothing known',
    rule: 'SCRIPT-UNREAD',
    found: {
      both: [[SCRIPT, 'script "/etc/keepalived/check.py"']],
      scripts: new Map([['/etc/keepalived/check.py', '#!/usr/bin/python3\nimport lb\nlb.check()\n']]),
    },
    says: [
      'note SCRIPT-UNREAD serves: what /etc/keepalived/check.py looks at was not understood from its text: it is taken to notice a dead HAProxy, and nothing else (lb1.conf:24, lb2.conf:24) → try it on a node: stop HAProxy, run it, and echo $? must not say 0; what curl, nc, pidof and killall look at is known',
    ],
    near: { both: [[SCRIPT, 'script "/usr/bin/test -S /run/haproxy/admin.sock"']] },
  },
  {
    observed: 'no check at all',
    rule: 'TAKEOVER',
    found: { both: [['  track_script {\n    serves\n  }\n', '']] },
    says: [
      'error TAKEOVER a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: keepalived follows nothing there, and lb2 could serve it (lb1.conf:14) → a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it, and for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints both',
    ],
    near: { both: [[SCRIPT, 'script "/usr/bin/curl -fsm1 https://127.0.0.1:6443/readyz"']] },
  },
  {
    observed: 'lists of addresses that differ leave two holders',
    rule: 'TWO-HOLDERS',
    found: { lb1: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.11/32']] },
    says: [
      'error TWO-HOLDERS lb1 and lb2 hold 10.0.0.10 at the same time while all is well: they do not hear each other (lb1.conf:14, lb2.conf:14) → see the other findings; lb-agent doctor on the nodes says whether VRRP reaches them',
    ],
    near: { lb1: [['  track_script {', '  virtual_ipaddress_excluded {\n    10.0.0.99/32\n  }\n  track_script {']] },
  },
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
    observed: 'the checks of a node that nobody may run do not count',
    rule: 'TAKEOVER',
    found: { lb1: [['  script_user root\n', '']] },
    says: [
      'error TAKEOVER a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: keepalived follows nothing there, and lb2 could serve it (lb1.conf:13) → a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it, and for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints both',
    ],
    near: {},
  },
  {
    observed: 'nodes that differ in the virtual router id of an address',
    rule: 'VRID-DIFFERS',
    found: { lb2: [['virtual_router_id 61', 'virtual_router_id 62']] },
    says: [
      'error VRID-DIFFERS 10.0.0.10 has virtual router id 61 on lb1 and 62 on lb2: each id elects a holder of its own, so that several nodes hold it (lb1.conf:13, lb2.conf:13) → the same virtual_router_id on all nodes',
    ],
    near: { both: [['virtual_router_id 61', 'virtual_router_id 62']] },
  },
  {
    observed: 'the MASTER has the lower priority',
    rule: 'OWNER',
    found: { lb2: [['state BACKUP', 'state MASTER']] },
    says: [
      'error OWNER lb2 has state MASTER for 10.0.0.10 and priority 100; lb1 has 110, so lb1 holds it: state does not say who is MASTER, the priority does (lb2.conf:10, lb2.conf:14, lb1.conf:14) → a priority above 110 on lb2',
    ],
    near: { lb1: [['state BACKUP', 'state MASTER']] },
  },
  {
    observed: 'equal priorities',
    rule: 'TIE',
    found: { lb1: [['priority 110', 'priority 100']] },
    says: [
      'warning TIE lb1 and lb2 have the same priority for 10.0.0.10, 100: the one that starts first holds it, and after a failure it does not come back (lb1.conf:14, lb2.conf:14) → a priority of its own for each node',
    ],
    near: { lb1: [['priority 110', 'priority 101']] },
  },
  {
    observed: 'a weight that makes a tie',
    rule: 'WEIGHT',
    found: { both: [WEIGHT(-10)] },
    says: [
      "error WEIGHT a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: 110 - 10 = 100 ties with lb2's 100 (lb1.conf:15, lb2.conf:15) → a weight below -10, or weight 0, would move it",
    ],
    near: { both: [WEIGHT(-11)] },
  },
  {
    observed: 'a positive weight that is less than the difference',
    rule: 'WEIGHT',
    found: { both: [WEIGHT(2)] },
    says: [
      "error WEIGHT a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: 110 is still above lb2's 100 + 2 = 102 (lb1.conf:15, lb2.conf:15) → a weight above 10, or weight 0, would move it",
    ],
    near: { both: [WEIGHT(11)] },
  },
  {
    observed: 'nopreempt and a weight',
    rule: 'NOPREEMPT',
    found: { both: [WEIGHT(-50), ['  state BACKUP', '  state BACKUP\n  nopreempt']] },
    says: [
      "error NOPREEMPT a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: 110 - 50 = 60 is below lb2's 100, but with nopreempt lb2 stays BACKUP while it hears a MASTER, whatever its priority (lb1.conf:16, lb2.conf:12) → weight 0, which takes a node that fails out of the election, would move it; or no nopreempt",
    ],
    near: { both: [['  state BACKUP', '  state BACKUP\n  nopreempt']] },
  },
  {
    observed: 'nopreempt and a weight beside a check that takes the node out',
    rule: 'NOPREEMPT',
    found: {
      both: [
        ['  state BACKUP', '  state BACKUP\n  nopreempt'],
        ['    serves\n', '    serves\n    serves_too\n'],
        ['vrrp_instance', 'vrrp_script serves_too {\n  script "/usr/bin/pgrep haproxy"\n  weight 5\n}\nvrrp_instance'],
      ],
    },
    says: [
      'warning NOPREEMPT api has nopreempt, and follows serves_too by weight: with nopreempt a BACKUP stays BACKUP while it hears a MASTER, whatever its priority, so a weight moves nothing (lb1.conf:15, lb1.conf:30, lb2.conf:15, lb2.conf:30) → weight 0, which takes a node that fails out of the election; or no nopreempt',
    ],
    near: { both: [WEIGHT(-50)] },
  },
  {
    observed: 'preempt_delay and a weight',
    rule: 'PREEMPT-DELAY',
    found: { both: [WEIGHT(-50)], lb2: [['  state BACKUP', '  state BACKUP\n  preempt_delay 30']] },
    says: [
      'warning PREEMPT-DELAY api on lb2 has preempt_delay 30 s, and follows serves by weight: the delay also keeps it from taking over from a node whose check fails (lb2.conf:12, lb2.conf:26) → weight 0, which is not delayed; or no preempt_delay',
    ],
    near: { lb2: [['  state BACKUP', '  state BACKUP\n  preempt_delay 30']] },
  },
  {
    observed: 'state MASTER twice',
    rule: 'STATE-MASTER',
    found: { both: [['state BACKUP', 'state MASTER']] },
    says: [
      'note STATE-MASTER 10.0.0.10 has state MASTER on lb1 and lb2, and one of them can be MASTER: the priority says which, and state MASTER takes nopreempt and preempt_delay away (lb1.conf:10, lb2.conf:10) → state BACKUP on all nodes',
    ],
    near: { lb1: [['state BACKUP', 'state MASTER']] },
  },
  {
    observed: 'one id for two addresses',
    rule: 'VRID-TWICE',
    found: { lb2: [['10.0.0.10/32', '10.0.0.20/32']] },
    says: [
      'warning VRID-TWICE virtual router id 61 is 10.0.0.10 on lb1 and 10.0.0.20 on lb2: each of them drops the adverts of the other, and logs that (lb1.conf:13, lb2.conf:13) → an id of its own for each address, and the same one on all of its nodes',
    ],
    near: {
      lb2: [
        ['10.0.0.10/32', '10.0.0.20/32'],
        ['_router_id 61', '_router_id 62'],
      ],
    },
  },
  {
    observed: 'the id of the examples',
    rule: 'VRID-51',
    found: { both: [['_router_id 61', '_router_id 51']] },
    says: [
      "note VRID-51 10.0.0.10 has virtual router id 51, as in keepalived's examples: by unicast no other pair hears of it; where one of them changes to multicast, each drops the adverts of the other (lb1.conf:13, lb2.conf:13) → another one of 1-255",
    ],
    near: { both: [['_router_id 61', '_router_id 52']] },
  },
  {
    observed: 'intervals that differ, with VRRPv3',
    rule: 'ADVERT-INTERVAL',
    found: { lb2: [['advert_int 0.1', 'advert_int 0.2']] },
    says: [
      'warning ADVERT-INTERVAL adverts of 10.0.0.10 are sent every 100 ms on lb1 and 200 ms on lb2: how soon a lost node is missed depends on who is the MASTER (lb1.conf:15, lb2.conf:15) → the same advert_int on all nodes',
    ],
    near: { both: [['advert_int 0.1', 'advert_int 0.2']] },
  },
  {
    observed: 'intervals that differ, with VRRPv2',
    rule: 'ADVERT-INTERVAL',
    found: { both: V2, lb2: [['advert_int 1', 'advert_int 2']] },
    says: [
      'error ADVERT-INTERVAL adverts of 10.0.0.10 are sent every 1000 ms on lb1 and 2000 ms on lb2: with VRRPv2 a node drops those of another interval, so that both hold it (lb1.conf:15, lb2.conf:15) → the same advert_int on all nodes',
    ],
    near: { both: V2 },
  },
  {
    observed: 'parts of a second with VRRPv2',
    rule: 'ADVERT-V2',
    found: { both: [['version 3', 'version 2']] },
    says: [
      'warning ADVERT-V2 advert_int of api is 0.1, and VRRPv2 has whole seconds (version 3 has hundredths); keepalived takes 1 (lb1.conf:15, lb2.conf:15) → version 3 on all nodes, or whole seconds',
    ],
    near: { both: V2 },
  },
  {
    observed: 'an address that only one list has',
    rule: 'VIPS-DIFFER',
    found: { lb2: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.20/32']] },
    says: [
      'error VIPS-DIFFER virtual router 61 has 10.0.0.20 only on lb2: each node drops the adverts of the other ("received an unexpected ip number count"), so that both hold the addresses (lb1.conf:20, lb2.conf:20) → the same virtual_ipaddress on all nodes; what differs can go into virtual_ipaddress_excluded',
    ],
    near: { both: [['    10.0.0.10/32', '    10.0.0.10/32\n    10.0.0.20/32']] },
  },
  {
    observed: 'versions that differ',
    rule: 'VERSION',
    found: { lb2: V2 },
    says: [
      'error VERSION 10.0.0.10 is announced by VRRPv3 on lb1 and by VRRPv2 on lb2: neither takes the adverts of the other, so that both hold it (lb1.conf:12, lb2.conf:12) → the same version on all nodes (vrrp_version, version)',
    ],
    near: { both: V2 },
  },
  {
    observed: 'a password of more than 8 characters',
    rule: 'AUTH',
    found: { both: [...V2, AUTH('longer-than-8')] },
    says: [
      'warning AUTH auth_pass is longer than 8 characters, and keepalived uses the first 8 (lb1.conf:22, lb2.conf:22) → shorten it on all nodes',
    ],
    near: { both: [...V2, AUTH('short')] },
  },
  {
    observed: 'authentication with VRRPv3',
    rule: 'AUTH',
    found: { both: [AUTH('short')] },
    says: [
      'warning AUTH authentication of api does nothing, because VRRPv3 has none (lb1.conf:21, lb2.conf:21) → take it away on all nodes, or mend that',
    ],
    near: {},
  },
  {
    observed: 'passwords that differ',
    rule: 'AUTH',
    found: { both: V2, lb1: [AUTH('one')], lb2: [AUTH('two')] },
    says: [
      'error AUTH 10.0.0.10 has other authentication on lb1 than on lb2: neither takes the adverts of the other, so that both hold it (lb1.conf:20, lb2.conf:20) → the same auth_type and auth_pass on all nodes',
    ],
    near: { both: [...V2, AUTH('one')] },
  },
  {
    observed: 'a peer that the lower node does not know',
    rule: 'PEERS',
    found: { lb2: [['    10.0.0.11', '    10.0.0.13']] },
    says: [
      'warning PEERS api on lb2 does not send its adverts to lb1 (10.0.0.11): while lb2 is MASTER, lb1 does not hear that, and takes 10.0.0.10 as well (lb2.conf:17, lb1.conf:16) → 10.0.0.11 in unicast_peer of lb2',
    ],
    near: { lb2: [['    10.0.0.11', '    10.0.0.13\n    10.0.0.11']] },
  },
  {
    observed: 'a peer that the MASTER does not know',
    rule: 'PEERS',
    found: { lb1: [['    10.0.0.12', '    10.0.0.13']] },
    says: [
      'error PEERS api on lb1 does not send its adverts to lb2 (10.0.0.12): while lb1 is MASTER, lb2 does not hear that, and takes 10.0.0.10 as well (lb1.conf:17, lb2.conf:16) → 10.0.0.12 in unicast_peer of lb1',
    ],
    near: { both: BY_MULTICAST },
  },
  {
    observed: 'multicast here and unicast there',
    rule: 'PEERS',
    found: { lb1: BY_MULTICAST },
    says: [
      'error PEERS 10.0.0.10 is announced by multicast on lb1 and by unicast on lb2: they do not hear each other, so that both hold it (lb1.conf:11, lb2.conf:17) → unicast_peer on all nodes, or on none',
    ],
    near: { both: BY_MULTICAST },
  },
  {
    observed: 'a check that may outlast its interval',
    rule: 'SCRIPT-TIMEOUT',
    found: { both: [['  interval 1', '  interval 1\n  timeout 5']] },
    says: [
      'warning SCRIPT-TIMEOUT serves may run for 5 s and is to run every 1 s: a check that hangs is found out late, and keepalived before 2.3.3 starts the next one beside it (lb1.conf:8, lb2.conf:8) → a timeout of at most the interval',
    ],
    near: { both: [['  interval 1', '  interval 5\n  timeout 5']] },
  },
  {
    observed: 'scripts without script security',
    rule: 'SCRIPT-SECURITY',
    found: { both: [['  enable_script_security\n  script_user root\n', '']] },
    says: [
      'warning SCRIPT-SECURITY serves runs as root, or as keepalived_script where that user exists, whoever may write what is run: enable_script_security is missing, and keepalived -t complains of it (lb1.conf:3, lb2.conf:3) → enable_script_security and script_user root in global_defs',
    ],
    near: { both: [['  script_user root', '  script_user haproxy']] },
  },
  {
    observed: 'script security without a user',
    rule: 'SCRIPT-SECURITY',
    found: { lb1: [['  script_user root\n', '']] },
    says: [
      'error SCRIPT-SECURITY serves is to run as keepalived_script, because no script_user is written: Debian has no such user, so keepalived removes the check, and follows nothing instead (lb1.conf:4) → script_user root in global_defs, or another user that exists',
    ],
    near: {
      lb1: [
        ['  script_user root\n', ''],
        ['  interval 1', '  interval 1\n  user haproxy'],
      ],
    },
  },
  {
    observed: 'a script that is not there',
    rule: 'SCRIPT-UNREAD',
    found: { both: [[SCRIPT, 'script "/etc/keepalived/check.sh"']] },
    says: [
      'note SCRIPT-UNREAD serves: what /etc/keepalived/check.sh looks at could not be read: it is taken to notice a dead HAProxy, and nothing else (lb1.conf:24, lb2.conf:24) → put the script beside keepalived.conf, under the name that it has there',
    ],
    near: {
      both: [[SCRIPT, 'script "/usr/bin/timeout 1 /etc/keepalived/check.sh"']],
      scripts: new Map([['/etc/keepalived/check.sh', '#!/bin/sh\npidof haproxy\n']]),
    },
  },
  {
    observed: 'nodes in two networks',
    rule: 'VIP-SUBNET',
    found: {
      lb2: [['unicast_src_ip 10.0.0.12', 'unicast_src_ip 10.0.1.12']],
      lb1: [['    10.0.0.12', '    10.0.1.12']],
    },
    says: [
      'warning VIP-SUBNET lb1 (10.0.0.11) and lb2 (10.0.1.12) look as if they were in different networks (taken for /24, or /64), and all may hold 10.0.0.10: a VIP moves by ARP, inside one network, so clients reach it on one side only (lb1.conf:16, lb2.conf:16) → nodes of one network, unless a bridge or one larger network joins them',
    ],
    near: {
      lb2: [['unicast_src_ip 10.0.0.12', 'unicast_src_ip 10.0.0.200']],
      lb1: [['    10.0.0.12', '    10.0.0.200']],
    },
  },
  {
    observed: 'a VIP with the prefix length of another network',
    rule: 'VIP-PREFIX',
    found: { both: [['10.0.0.10/32', '10.0.5.10/24\n    10.0.5.11/24']] },
    says: [
      'warning VIP-PREFIX 10.0.5.10/24 and 10.0.5.11/24 bring a route to 10.0.5.0/24, where no node is: the node with the VIP looks for all of that network on its own link (lb1.conf:20, lb2.conf:20) → 10.0.5.10/32 and 10.0.5.11/32',
    ],
    near: { both: [['10.0.0.10/32', '10.0.0.10/24']] },
  },
  {
    observed: 'a VIP that a node has',
    rule: 'VIP-NODE',
    found: { both: [['10.0.0.10/32', '10.0.0.11/32']] },
    says: [
      'error VIP-NODE 10.0.0.11 is the address of lb1 itself, and lb1 and lb2 may take it as a VIP: it is there twice, and keepalived takes it off lb1 when that is not MASTER (lb1.conf:20, lb2.conf:20) → an address that nobody has',
    ],
    near: { both: [['10.0.0.10/32', '10.0.0.13/32']] },
  },
  {
    observed: 'an instance that one node has',
    rule: 'VIP-ONE-NODE',
    found: {
      lb1: [
        [
          'vrrp_instance api',
          'vrrp_instance web {\n  interface eth0\n  version 3\n  virtual_router_id 62\n  virtual_ipaddress {\n    10.0.0.20\n  }\n}\nvrrp_instance api',
        ],
      ],
    },
    says: [
      'warning VIP-ONE-NODE only lb1 may hold 10.0.0.20: without that node nobody serves it (lb1.conf:9) → the same instance on another node',
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
  {
    observed: 'short timeouts before a Kubernetes API',
    rule: 'API-TIMEOUT',
    found: {
      haproxy: [
        ['timeout client 4h', 'timeout client 50s'],
        ['timeout server 4h', 'timeout server 50s'],
      ],
    },
    says: [
      'warning API-TIMEOUT frontend kube and backend masters end what is silent for 50 s (timeout client and server): watches of a Kubernetes API are, and kubectl logs -f (haproxy.cfg:6, haproxy.cfg:7) → timeout client 4h, timeout server 4h, timeout tunnel 4h',
    ],
    near: {
      haproxy: [
        ['timeout client 4h', 'timeout client 50s\n  timeout tunnel 2h'],
        ['timeout server 4h', 'timeout server 50s'],
      ],
    },
  },
  {
    observed: 'API servers that are checked by a connection',
    rule: 'CHECK',
    found: { haproxy: [['  option httpchk GET /readyz\n', '']] },
    says: [
      'warning CHECK the servers of backend masters are checked by a connection alone: an API server that hangs, or is not ready, still takes connections (haproxy.cfg:11) → option httpchk GET /readyz, and check check-ssl verify none on the servers; K3s answers 401 there: http-check expect status 200,401',
    ],
    near: { haproxy: [] },
  },
  {
    observed: 'servers that are not checked',
    rule: 'CHECK',
    found: { haproxy: [['10.0.0.22:6443 check check-ssl', '10.0.0.22:6443']] },
    says: [
      'warning CHECK m2 of backend masters is not checked at all: HAProxy sends clients there, dead or not (haproxy.cfg:14) → check at the end of the server line',
    ],
    near: { haproxy: [['  server m1', '  default-server inter 1s\n  server m1']] },
  },
  {
    observed: 'other servers that are checked by a connection',
    rule: 'CHECK',
    found: {
      haproxy: [
        [
          '\nbackend masters',
          '\nbackend web\n  server w1 10.0.0.31:80 check\n  server w2 10.0.0.32:80 check\nbackend masters',
        ],
      ],
    },
    says: [
      'note CHECK the servers of backend web are checked by a connection alone: one that takes connections and answers nothing stays in use (haproxy.cfg:11) → option httpchk where the servers have a page for it',
    ],
    near: {
      haproxy: [
        [
          '\nbackend masters',
          '\nbackend web\n  option httpchk\n  server w1 10.0.0.31:80 check\n  server w2 10.0.0.32:80 check\nbackend masters',
        ],
      ],
    },
  },
  {
    observed: 'a bind to the VIP',
    rule: 'NONLOCAL-BIND',
    found: { haproxy: [['bind *:6443', 'bind 10.0.0.10:6443']] },
    says: [
      'warning NONLOCAL-BIND frontend kube binds 10.0.0.10, which only the MASTER has: on the others HAProxy does not start, unless net.ipv4.ip_nonlocal_bind is 1 there (haproxy.cfg:9) → net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d on every node',
    ],
    near: { haproxy: [['bind *:6443', 'bind 127.0.0.1:6443']] },
  },
  {
    observed: 'a transparent bind to the VIP',
    rule: 'NONLOCAL-BIND',
    found: { haproxy: [['bind *:6443', 'bind 10.0.0.10:6443 transparent\n  bind 10.0.0.10:6444 transparent']] },
    says: [
      'note NONLOCAL-BIND frontend kube binds 10.0.0.10 transparent: that needs HAProxy to be started as root, with TPROXY in its build (haproxy.cfg:9, haproxy.cfg:10) → net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d does without',
    ],
    near: { haproxy: [['bind *:6443', 'bind *:6443 transparent']] },
  },
  {
    observed: 'statistics without a password',
    rule: 'STATS',
    found: {
      haproxy: [
        [
          '\nbackend masters',
          '\nlisten stats\n  mode http\n  bind *:8404\n  stats enable\n  stats admin if TRUE\nbackend masters',
        ],
      ],
    },
    says: [
      'warning STATS listen stats shows its statistics to everybody, and lets everybody take servers out (stats admin): every server is named there (haproxy.cfg:14, haproxy.cfg:13) → bind 127.0.0.1:…, or stats auth USER:PASSWORD',
    ],
    near: {
      haproxy: [
        ['\nbackend masters', '\nlisten stats\n  mode http\n  bind *:8404\n  stats auth ops:secret\nbackend masters'],
      ],
    },
  },
  {
    observed: 'a stats socket on a port',
    rule: 'STATS',
    found: { haproxy: [['stats socket /run/haproxy/admin.sock mode 660', 'stats socket ipv4@0.0.0.0:9999']] },
    says: [
      'warning STATS the stats socket listens on port 9999 of 0.0.0.0 with level admin: it knows no password (haproxy.cfg:2) → a UNIX socket: stats socket /run/haproxy/admin.sock mode 660 level admin',
    ],
    near: { haproxy: [['stats socket /run/haproxy/admin.sock mode 660', 'stats socket ipv4@127.0.0.1:9999']] },
  },
  {
    observed: 'a backend of one server',
    rule: 'ONE-SERVER',
    found: { haproxy: [['  server m2 10.0.0.22:6443 check check-ssl verify none\n', '']] },
    says: [
      'warning ONE-SERVER backend masters has one server, m1: when it is down, every balancer is up and nothing is served (haproxy.cfg:13) → a second server',
    ],
    near: {
      haproxy: [
        ['  server m2 10.0.0.22:6443 check check-ssl verify none\n', ''],
        ['server m1 10', 'server-template m 1-3 10'],
      ],
    },
  },
  {
    observed: 'a port of the agent',
    rule: 'AGENT-PORT',
    found: { haproxy: [['bind *:6443', 'bind *:6443\n  bind *:9853']] },
    says: [
      'note AGENT-PORT frontend kube listens on port 9853, which lb-agent needs on this node: status and metrics (haproxy.cfg:10) → another one in http.listen of agent.yaml',
    ],
    near: { haproxy: [['bind *:6443', 'bind *:6443\n  bind *:9854']] },
  },
]

function findingsOf({ haproxy, scripts, ...edits }: Files) {
  return proveFiles(pairOf(edits, scripts), haproxy === undefined ? [] : [haproxyOf(haproxy)]).findings
}

test('nothing stands against the pair that the cases begin with', () => {
  assert.deepEqual(findingsOf({ haproxy: [] }).map(told), [])
})

test('a node whose keepalived does not start takes no part', () => {
  const { table, findings } = proveFiles(pairOf({ lb1: [['  virtual_router_id 61\n', '']] }))
  assert.deepEqual(
    table.map(({ vip, healthy }) => [vip.name, healthy.holders]),
    [['10.0.0.10', ['lb2']]],
  )
  assert.deepEqual(findings.map(told), [
    'error KEEPALIVED keepalived does not start with this file, and its node takes no part: api has no virtual_router_id (lb1.conf:9) → write one of 1-255',
    'warning VIP-ONE-NODE only lb2 may hold 10.0.0.10: without that node nobody serves it (lb2.conf:14) → the same instance on another node',
  ])
})

test('what is wrong in the files of two nodes is told once', () => {
  const { findings } = proveFiles(pairOf({ both: [['  interface eth0\n', '']] }))
  assert.deepEqual(ofRule(findings, 'KEEPALIVED'), [
    'error KEEPALIVED keepalived does not start with this file, and its node takes no part: api has no interface (lb1.conf:9, lb2.conf:9) → write the one that its adverts go through',
  ])
})

test('nobody holds an address whose nodes do not start', () => {
  const { findings } = proveFiles(pairOf({ both: [['  interface eth0\n', '']] }))
  assert.deepEqual(ofRule(findings, 'TAKEOVER'), [
    'error TAKEOVER nobody holds 10.0.0.10 while all is well (lb1.conf:9, lb2.conf:9) → see the other findings',
  ])
})

/** The fixture's pair with what `lb-agent rules TAKEOVER` prints. */
const AS_PRINTED: Edits = {
  both: [
    [
      `global_defs {
  enable_script_security
  script_user root
}
vrrp_script serves {
  ${SCRIPT}
  interval 1
}
`,
      RULE_TEXTS.TAKEOVER.example ?? '',
    ],
    ['    serves\n', '    haproxy_answers\n    servers_answer\n'],
  ],
}

test('nothing stands against the checks that lb-agent rules TAKEOVER prints', () => {
  assert.deepEqual(findingsOf(AS_PRINTED).map(told), [])
})

test('two pairs by unicast may have the same virtual router id, and differ in all else', () => {
  const own = (mine: number, theirs: number): Edit[] => [
    [`unicast_src_ip 10.0.0.${mine}`, `unicast_src_ip 10.0.1.${mine}`],
    [`    10.0.0.${theirs}`, `    10.0.1.${theirs}`],
  ]
  const others: Edits = {
    both: [
      ['10.0.0.10', '10.0.1.10'],
      ['  interval 1', '  interval 2'],
      ['  virtual_router_id 61', '  virtual_router_id 61\n  advert_int 2'],
    ],
    lb1: own(11, 12),
    lb2: own(12, 11),
  }
  const second = pairOf(others).map((node, index) => ({ ...node, name: `b${index + 1}` }))
  assert.deepEqual(proveFiles([...pairOf({}), ...second]).findings.map(told), [])
})

/** The pair with a third node of priority 90, by multicast. */
function threeWith(weight: number): KeepalivedNode[] {
  const both = [WEIGHT(weight), ...BY_MULTICAST]
  const [third] = pairOf({
    both,
    lb1: [
      ['priority 110', 'priority 90'],
      ['10.0.0.11', '10.0.0.13'],
    ],
  })
  assert.ok(third !== undefined)
  return [...pairOf({ both }), { ...third, name: 'lb3' }]
}

test('a weight that is enough for the first of three nodes, and not for two that fail, is a warning', () => {
  assert.deepEqual(ofRule(proveFiles(threeWith(-11)).findings, 'WEIGHT'), [
    "warning WEIGHT a dead HAProxy on lb1 and lb2 at once leaves 10.0.0.10 on lb1: 110 - 11 = 99 is not below lb3's 90 (lb1.conf:15) → a weight that outweighs the distance from the first to the last priority, or weight 0",
  ])
  assert.deepEqual(ofRule(proveFiles(threeWith(-21)).findings, 'WEIGHT'), [])
})

test('with three nodes a weight is advised that outweighs all of their priorities', () => {
  const nodes = pairOf({ both: [WEIGHT(-10), ...BY_MULTICAST] })
  const third = pairOf({
    both: [WEIGHT(-10), ...BY_MULTICAST],
    lb2: [
      ['priority 100', 'priority 90'],
      ['10.0.0.12', '10.0.0.13'],
    ],
  })[1]
  assert.ok(third !== undefined)
  const { findings } = proveFiles([...nodes, { ...third, name: 'lb3' }])
  assert.deepEqual(
    findings.filter(({ rule }) => rule === 'WEIGHT').map(({ fix }) => fix),
    ['a weight below -20, or weight 0, would move it, also when it has failed on other nodes before'],
  )
})

test('every rule has a case', () => {
  const named = new Set(cases.map(({ rule }) => rule))
  assert.deepEqual(
    RULE_IDS.filter((rule) => !named.has(rule) && RULE_TEXTS[rule].over !== 'lb.yaml'),
    [],
  )
})

for (const { observed, rule, found, says, near } of cases)
  describe(`${rule}: ${observed}`, () => {
    const findings = findingsOf(found)
    test('is told', () => assert.deepEqual(ofRule(findings, rule), says))
    test('is not told of what is almost that', () => assert.deepEqual(ofRule(findingsOf(near), rule), []))
    test('is as grave as the list of rules says', () => {
      const unlisted = findings.filter((one) => !severities(RULE_TEXTS[one.rule]).includes(one.severity))
      assert.deepEqual(unlisted.map(told), [])
    })
  })
