import type { RuleId } from '../spec/rule-ids.ts'
import type { RuleText } from './rule-texts.ts'

/** Of the rules that look at lb.yaml alone. */
export const LB_YAML_TEXTS = {
  'POOL-MINIMUM': {
    severity: 'warning',
    over: 'lb.yaml',
    why: 'A service with fewer servers up than minimumServers counts as down: status, alerts and the score of every node say so, whatever the servers do.',
    fix: 'minimumServers of at most the number of servers.',
  },
  'POOL-WEIGHT': {
    severity: 'warning',
    over: 'lb.yaml',
    why: 'Weight 0 means no new connections, so a service of such servers answers nobody who comes anew.',
    fix: 'A weight of at least 1 for one of them.',
  },
  'POOL-UNUSED': {
    severity: 'note',
    over: 'lb.yaml',
    why: 'Its servers get no connection, and nobody checks them: a service that should name the pool may name another one.',
    fix: 'A service with this pool, or no pool.',
  },
  'VIP-UNUSED': {
    severity: 'warning',
    over: 'lb.yaml',
    why: 'The nodes hold the VIP and HAProxy does not listen on it: clients are refused, and no server that is lost can move it.',
    fix: 'A service with this VIP; or accept it, if another program listens there.',
  },
  'POOL-LOOP': {
    severity: 'warning',
    over: 'lb.yaml',
    why: 'HAProxy connects to the VIP, which is HAProxy, which connects to the VIP: one client takes all connections that there are.',
    fix: 'The address of a machine that serves, not the VIP.',
  },
  'ACCEPT-UNUSED': {
    severity: 'note',
    over: 'lb.yaml',
    why: 'An accept stays when its reason is gone, and accepts what comes later as well.',
    fix: 'Take it away.',
  },
} as const satisfies Partial<Record<RuleId, RuleText>>
