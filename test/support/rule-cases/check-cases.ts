import { type RuleCase, SCRIPT, WEIGHT } from './rule-case.ts'

/** Checks of keepalived that do not see what they should, or that keepalived does not run as they are meant. */
export const CHECK_CASES: readonly RuleCase[] = [
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
    observed: 'the checks of a node that nobody may run do not count',
    rule: 'TAKEOVER',
    found: { lb1: [['  script_user root\n', '']] },
    says: [
      'error TAKEOVER a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: keepalived follows nothing there, and lb2 could serve it (lb1.conf:13) → a vrrp_script that asks HAProxy itself for an answer, with weight 0, would move it, and for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints both',
    ],
    near: {},
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
]
