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
import type { Series } from '../support/alert-cases/alert-case.ts'
import { NODE_CASES } from '../support/alert-cases/node-cases.ts'
import { RELEASE_CASES } from '../support/alert-cases/release-cases.ts'
import { VIP_CASES } from '../support/alert-cases/vip-cases.ts'
import { missingPrograms } from '../support/requirements.ts'

const CASES = [...VIP_CASES, ...RELEASE_CASES, ...NODE_CASES]

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

  for (const { alert, when, fires, quiet, labels, value, at = '2m', every = '5s' } of CASES) {
    test(`${alert} fires when ${when ?? 'it should'}, and only then`, async () => {
      const rule = rules.find((candidate) => candidate.alert === alert)
      assert.ok(rule !== undefined)
      const common = { job: JOB, cluster }
      const isSum = /^(?:sum|max|count) by \(/.test(rule.expr)
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
        interval: every,
        input_series: inputs(series),
        alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: alerts }],
      }))
      const file = join(directory, `${alert} ${when ?? ''}.yml`)
      writeFileSync(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: every, tests }))
      assert.equal(await promtool('test', 'rules', file), '')
    })
  }
})
