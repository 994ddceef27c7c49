import { type RuleCase, WEIGHT } from './rule-case.ts'

/** Priorities, weights and what holds a move up: who is MASTER, and who becomes it. */
export const ELECTION_CASES: readonly RuleCase[] = [
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
]
