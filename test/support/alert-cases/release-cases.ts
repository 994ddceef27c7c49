import { A, type AlertCase, B } from './alert-case.ts'

/** The way of a revision to the daemons. */
export const RELEASE_CASES: readonly AlertCase[] = [
  {
    alert: 'LbStuck',
    fires: [['lb_agent_stuck', A, '1x400']],
    labels: A,
    value: '1',
    quiet: [['lb_agent_stuck', A, '0x400']],
  },
  {
    alert: 'LbNotApplying',
    at: '6m',
    fires: [
      ['lb_agent_pending', A, '1x400'],
      ['lb_agent_rejected', A, '0x400'],
    ],
    labels: A,
    value: '1',
    quiet: [
      ['lb_agent_pending', A, '1x400'],
      ['lb_agent_rejected', A, '1x400'],
    ],
  },
  {
    alert: 'LbNotApplying',
    when: 'nobody has suspended the node',
    at: '6m',
    fires: [
      ['lb_agent_pending', A, '1x400'],
      ['lb_agent_suspended', A, '0x400'],
    ],
    labels: A,
    value: '1',
    quiet: [
      ['lb_agent_pending', A, '1x400'],
      ['lb_agent_suspended', A, '1x400'],
    ],
  },
  {
    alert: 'LbSuspended',
    at: '25h',
    every: '5m',
    fires: [['lb_agent_suspended', A, '1x310']],
    labels: A,
    value: '1',
    // Suspended anew in between: somebody thinks of it.
    quiet: [['lb_agent_suspended', A, '1x150 0x2 1x150']],
  },
  {
    alert: 'LbRevisionRejected',
    fires: [['lb_agent_rejected', A, '1x400']],
    labels: A,
    value: '1',
    quiet: [['lb_agent_rejected', A, '0x400']],
  },
  {
    alert: 'LbRevisionRejected',
    when: 'the rollback was long ago',
    at: '15m',
    fires: [
      ['lb_agent_rejected', A, '1x400'],
      ['lb_agent_rollback_time_seconds', A, '60x400'],
    ],
    labels: A,
    value: '1',
    // LbRolledBack says so.
    quiet: [
      ['lb_agent_rejected', A, '1x400'],
      ['lb_agent_rollback_time_seconds', A, '800x400'],
    ],
  },
  {
    alert: 'LbRevisionRejected',
    when: 'going back has worked',
    fires: [
      ['lb_agent_rejected', A, '1x400'],
      ['lb_agent_stuck', A, '0x400'],
    ],
    labels: A,
    value: '1',
    quiet: [
      ['lb_agent_rejected', A, '1x400'],
      ['lb_agent_stuck', A, '1x400'],
    ],
  },
  {
    alert: 'LbRolledBack',
    at: '15m',
    fires: [['lb_agent_rollback_time_seconds', A, '_x100 800x400']],
    labels: A,
    value: 'any',
    quiet: [['lb_agent_rollback_time_seconds', A, '60x400']],
  },
  {
    alert: 'LbRolledBack',
    when: "the node's clock is a little ahead",
    at: '15m',
    fires: [['lb_agent_rollback_time_seconds', A, '_x100 950x400']],
    labels: A,
    value: 'any',
    // Ahead by an hour.
    quiet: [['lb_agent_rollback_time_seconds', A, '_x100 4500x400']],
  },
  {
    alert: 'LbRevisionsDiffer',
    at: '32m',
    fires: [
      ['lb_agent_desired_info', { ...A, revision: '1111' }, '1x400'],
      ['lb_agent_desired_info', { ...B, revision: '2222' }, '1x400'],
      ['lb_agent_fetch_ok', A, '1x400'],
      ['lb_agent_fetch_ok', B, '1x400'],
    ],
    labels: {},
    value: '2',
    // Who cannot read the repository has LbFetchStale.
    quiet: [
      ['lb_agent_desired_info', { ...A, revision: '1111' }, '1x400'],
      ['lb_agent_desired_info', { ...B, revision: '2222' }, '1x400'],
      ['lb_agent_fetch_ok', A, '0x400'],
      ['lb_agent_fetch_ok', B, '1x400'],
    ],
  },
  {
    alert: 'LbRevisionsDiffer',
    when: 'one goes on reading an old one',
    at: '32m',
    fires: [
      ['lb_agent_desired_info', { ...A, revision: '1111' }, '1x400'],
      ['lb_agent_desired_info', { ...B, revision: '1111' }, '1x4'],
      ['lb_agent_desired_info', { ...B, revision: '2222' }, '_x4 1x400'],
    ],
    labels: {},
    value: '2',
    // It looks a quarter of an hour later.
    quiet: [
      ['lb_agent_desired_info', { ...A, revision: '1111' }, '1x180 stale'],
      ['lb_agent_desired_info', { ...A, revision: '2222' }, '_x181 1x400'],
      ['lb_agent_desired_info', { ...B, revision: '2222' }, '1x400'],
    ],
  },
  {
    alert: 'LbDrift',
    fires: [['lb_agent_drift_files', A, '1x400']],
    labels: A,
    value: '1',
    quiet: [['lb_agent_drift_files', A, '0x20 1x3 0x400']],
  },
  {
    alert: 'LbFetchStale',
    at: '12m',
    fires: [
      ['lb_agent_fetch_success_time_seconds', A, '0x400'],
      ['lb_agent_fetch_interval_seconds', A, '30x400'],
    ],
    labels: A,
    value: 'any',
    // Looked at every quarter of an hour, as agent.yaml says.
    quiet: [
      ['lb_agent_fetch_success_time_seconds', A, '0x400'],
      ['lb_agent_fetch_interval_seconds', A, '900x400'],
      ['lb_agent_fetch_ok', A, '1x400'],
    ],
  },
]
