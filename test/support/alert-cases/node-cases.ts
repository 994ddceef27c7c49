import { A, type AlertCase, api, B, up } from './alert-case.ts'

/** One balancer: its agent and its daemons. */
export const NODE_CASES: readonly AlertCase[] = [
  {
    alert: 'LbGateClosed',
    fires: [['lb_agent_gate_open', A, '0x400']],
    labels: A,
    value: '0',
    quiet: [['lb_agent_gate_open', A, '1x20 0x3 1x400']],
  },
  {
    alert: 'LbNoAgentAnswers',
    fires: [
      ['up', A, '0x400'],
      ['up', B, '0x400'],
    ],
    labels: {},
    value: '0',
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
    ],
  },
  {
    alert: 'LbNoAgentAnswers',
    when: 'Prometheus has no such target',
    fires: [['up', { ...A, job: 'node' }, '1x400']],
    labels: {},
    value: '1',
    // The very first scrape.
    quiet: [['up', A, '_x8 1x400']],
  },
  {
    alert: 'LbKeepalivedDown',
    fires: [['lb_agent_keepalived_up', A, '0x400']],
    labels: A,
    value: '0',
    // A restart.
    quiet: [['lb_agent_keepalived_up', A, '1x20 0x2 1x400']],
  },
  {
    alert: 'LbDaemonDies',
    fires: [['lb_agent_daemon_deaths_total', { ...A, daemon: 'haproxy' }, '0 1 2 3x400']],
    labels: { ...A, daemon: 'haproxy' },
    value: 'any',
    // Twice, and a new agent counts from 0 again.
    quiet: [['lb_agent_daemon_deaths_total', { ...A, daemon: 'haproxy' }, '0x4 1x4 2x4 0x400']],
  },
  {
    alert: 'LbDaemonDies',
    when: 'it comes up in between',
    fires: [
      ['lb_agent_daemon_deaths_total', { ...A, daemon: 'haproxy' }, '0+1x400'],
      ['lb_agent_gate_open', A, '1x2 0 1x2 0 1x2 0 1x400'],
    ],
    labels: { ...A, daemon: 'haproxy' },
    value: 'any',
    // It does not come up at all: that is LbGateClosed, once.
    quiet: [
      ['lb_agent_daemon_deaths_total', { ...A, daemon: 'haproxy' }, '0+1x400'],
      ['lb_agent_gate_open', A, '0x400'],
    ],
  },
  {
    alert: 'LbDaemonDies',
    when: 'it was not down for long before',
    at: '4m',
    fires: [
      ['lb_agent_daemon_deaths_total', { ...A, daemon: 'keepalived' }, '0+1x12 12x400'],
      ['lb_agent_keepalived_up', A, '0x4 1x400'],
    ],
    labels: { ...A, daemon: 'keepalived' },
    value: 'any',
    // It was, and is mended since a minute: nothing dies any more.
    quiet: [
      ['lb_agent_daemon_deaths_total', { ...A, daemon: 'keepalived' }, '0+1x12 12x400'],
      ['lb_agent_keepalived_up', A, '0x12 1x400'],
    ],
  },
  {
    alert: 'LbNotWell',
    at: '11m',
    fires: [...up, ['lb_agent_well', A, '0x400']],
    labels: A,
    value: '0',
    quiet: [...up, ['lb_agent_well', A, '0x100 1x400']],
  },
  {
    alert: 'LbNotWell',
    when: 'another node or the rules of somebody else have an alert',
    at: '11m',
    fires: [
      ...up,
      ['lb_agent_well', A, '0x400'],
      ['lb_agent_drift_files', B, '1x400'],
      ['ALERTS', { ...A, alertname: 'NodeHot', alertstate: 'firing' }, '1x400'],
    ],
    labels: A,
    value: '0',
    // What is wrong has an alert of its own.
    quiet: [...up, ['lb_agent_well', A, '0x400'], ['lb_agent_drift_files', A, '1x400']],
  },
  {
    alert: 'LbNotWell',
    when: 'only a warning is about the whole cluster',
    at: '11m',
    fires: [...up, ['lb_agent_well', A, '0x400'], ['lb_agent_vip_owned', { ...A, ...api }, '0 1 0 1 0 1 0 1 0 1x400']],
    labels: A,
    value: '0',
    quiet: [
      ...up,
      ['lb_agent_well', A, '0x400'],
      ['lb_agent_vip_owned', { ...A, ...api }, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '1x400'],
    ],
  },
  {
    alert: 'LbAgentDown',
    fires: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
    ],
    labels: A,
    value: '0',
    // A restart.
    quiet: [
      ['up', A, '1x20 0x6 1x400'],
      ['up', B, '1x400'],
    ],
  },
  {
    alert: 'LbAgentDown',
    when: 'one of two is down',
    fires: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
    ],
    labels: A,
    value: '0',
    // All are: that is LbNoAgentAnswers, once.
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '0x400'],
    ],
  },
  {
    alert: 'LbOldWorkers',
    at: '16m',
    fires: [['lb_agent_haproxy_old_workers', A, '5x400']],
    labels: A,
    value: '5',
    quiet: [['lb_agent_haproxy_old_workers', A, '5x100 1x400']],
  },
]
