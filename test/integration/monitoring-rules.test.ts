import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { stringify } from 'yaml'
import { readDesired } from '../../src/cli/read-desired.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import type { AlertRule } from '../../src/monitoring/alert-rule.ts'
import { alertRules } from '../../src/monitoring/rules.ts'
import { JOB } from '../../src/monitoring/selector.ts'
import { missingPrograms } from '../support/requirements.ts'

/** Series by metric and further labels, with their values every 5 s in promtool's notation. */
type Series = readonly (readonly [metric: string, labels: Readonly<Record<string, string>>, values: string])[]
type Case = {
  alert: string
  /** What makes it fire after two minutes at the latest, with the labels and the value that it then has. */
  fires: Series
  labels: Readonly<Record<string, string>>
  value: string
  /** What is special about this case of several. */
  when?: string
  /** What looks alike and keeps it quiet. */
  quiet: Series
  at?: string
}

const [A, B] = [{ instance: 'a' }, { instance: 'b' }]
const api = { vip: 'api', address: '10.17.5.10' }
const web = { service: 'web', vip: 'api' }
const up: Series = [
  ['up', A, '1x400'],
  ['up', B, '1x400'],
]

const CASES: readonly Case[] = [
  {
    alert: 'LbVipWithoutHolder',
    fires: [
      ...up,
      ['lb_agent_vip_owned', { ...A, ...api }, '1x4 0x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
    ],
    labels: { vip: 'api' },
    value: '0',
    // The agent of the holder is down, which says nothing of the VIP.
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
    ],
  },
  {
    alert: 'LbVipHolderUnknown',
    // The one that answers is in FAULT, or its keepalived does not run.
    fires: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
      ['lb_agent_vrrp_state', { ...B, vip: 'api', state: 'BACKUP' }, '0x400'],
    ],
    labels: { vip: 'api' },
    value: '0',
    // A BACKUP hears the adverts of a holder: only its agent is down.
    quiet: [
      ['up', A, '0x400'],
      ['up', B, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x400'],
      ['lb_agent_vrrp_state', { ...B, vip: 'api', state: 'BACKUP' }, '1x400'],
    ],
  },
  {
    alert: 'LbVipWithTwoHolders',
    fires: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '1x400'],
    ],
    labels: { vip: 'api' },
    value: '2',
    // A move that was sampled on both sides.
    quiet: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x20 0x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x19 1x400'],
    ],
  },
  {
    alert: 'LbGateClosed',
    fires: [['lb_agent_gate_open', A, '0x400']],
    labels: A,
    value: '0',
    quiet: [['lb_agent_gate_open', A, '1x20 0x3 1x400']],
  },
  {
    alert: 'LbServiceBelowMinimum',
    fires: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '0x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '1x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
    labels: web,
    value: '1',
    quiet: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '0x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
  },
  {
    alert: 'LbServiceBelowMinimumHere',
    fires: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '1x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
    labels: { ...A, ...web },
    value: '1',
    // All balancers see it alike: that is LbServiceBelowMinimum, once.
    quiet: [
      ['lb_agent_service_servers_up', { ...A, ...web }, '1x400'],
      ['lb_agent_service_servers_up', { ...B, ...web }, '1x400'],
      ['lb_agent_service_servers_minimum', { ...A, ...web }, '2x400'],
      ['lb_agent_service_servers_minimum', { ...B, ...web }, '2x400'],
    ],
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
    alert: 'LbStuck',
    fires: [['lb_agent_stuck', A, '1x400']],
    labels: A,
    value: '1',
    quiet: [['lb_agent_stuck', A, '0x400']],
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
  {
    alert: 'LbVipFlapping',
    fires: [['lb_agent_vip_owned', { ...A, ...api }, '0 1 0 1 0 1 0 1 0 1x400']],
    labels: { vip: 'api' },
    value: '9',
    quiet: [
      ['lb_agent_vip_owned', { ...A, ...api }, '1x4 0x4 1x400'],
      ['lb_agent_vip_owned', { ...B, ...api }, '0x4 1x4 0x400'],
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

suite('alerting rules', { skip: missingPrograms('promtool'), timeout: 60_000 }, () => {
  let directory = ''
  let rules: readonly AlertRule[] = []
  let cluster = ''
  before(() => {
    const desired = readDesired('examples/k3s-ha')
    assert.equal(desired.kind, 'desired')
    if (desired.kind !== 'desired') return
    cluster = desired.spec.cluster
    const file = alertRules(desired.spec)
    rules = file.groups.flatMap((group) => group.rules)
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-rules-'))
    writeFileSync(join(directory, 'rules.yml'), stringify(file))
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const promtool = async (...args: readonly string[]): Promise<string> => {
    const result = await exec('promtool', args, { timeoutMs: 20_000 })
    return succeeded(result) ? '' : describeFailure(result)
  }

  test('promtool accepts them, and every rule has its case', async () => {
    assert.equal(await promtool('check', 'rules', join(directory, 'rules.yml')), '')
    assert.deepEqual(rules.map(({ alert }) => alert).sort(), [...new Set(CASES.map(({ alert }) => alert))].sort())
    for (const { annotations } of rules) assert.match(annotations.run, /^(?:lb-agent [a-z]+|systemctl status) /)
  })

  for (const { alert, when, fires, quiet, labels, value, at = '2m' } of CASES) {
    test(`${alert} fires when ${when ?? 'it should'}, and only then`, async () => {
      const rule = rules.find((candidate) => candidate.alert === alert)
      assert.ok(rule !== undefined)
      const common = { job: JOB, cluster }
      const isSum = /^(?:sum|max) by \(/.test(rule.expr)
      const written = (text: string): string =>
        text
          .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => ({ cluster, ...labels })[name] ?? '')
          .replaceAll('{{ $value }}', value)
      const expected = {
        exp_labels: { ...labels, ...rule.labels, ...(isSum ? { cluster } : common) },
        exp_annotations: Object.fromEntries(
          Object.entries(rule.annotations).map(([key, text]) => [key, written(text)]),
        ),
      }
      const inputs = (series: Series) =>
        series.map(([metric, own, values]) => ({
          series: `${metric}{${Object.entries({ ...common, ...own })
            .map(([name, text]) => `${name}="${text}"`)
            .join(',')}}`,
          values,
        }))
      const tests = [
        { series: fires, alerts: [expected] },
        { series: quiet, alerts: [] },
      ].map(({ series, alerts }) => ({
        interval: '5s',
        input_series: inputs(series),
        alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: alerts }],
      }))
      const file = join(directory, `${alert} ${when ?? ''}.yml`)
      writeFileSync(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: '5s', tests }))
      assert.equal(await promtool('test', 'rules', file), '')
    })
  }
})
