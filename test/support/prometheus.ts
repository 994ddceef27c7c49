import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import type { Lab } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import type { RuleFile } from '../../src/monitoring/rules.ts'
import { takeSeat } from './seat.ts'

export type Sample = { labels: Readonly<Record<string, string>>; value: number }

/** A real Prometheus in the client's seat of a lab. It ends with the lab. */
export type Prometheus = {
  /** `/api/v1/…`, its `data`. */
  get(path: string): Promise<unknown>
  query(expr: string): Promise<Sample[]>
  /** Returns once exactly these alerts fire, and still do after one more evaluation: `LbDrift lb2`, sorted. */
  fires(...alerts: readonly string[]): Promise<void>
}

const AT = 'http://127.0.0.1:9090'
export const SCRAPE_EVERY_MS = 500
const FIRES_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 80

/** `for` in less time, and in the same order: what waits for another alert goes on waiting for it. */
const PATIENCE: Readonly<Record<string, string>> = {
  '0s': '0s',
  '10s': '1s',
  '30s': '2s',
  '1m': '3s',
  '5m': '4s',
  '10m': '10s',
  '15m': '15s',
  '30m': '30s',
  '1d': '60s',
}

/**
 * What `lb-agent monitoring --rules` printed, ten times as fast or more: the interval, `for`, the ten minutes for which a
 * rollback is told, and the ten minutes in which moves and deaths are counted. Nothing else of an expression changes.
 */
function quicker(rules: string): string {
  const file: RuleFile = parse(rules)
  const groups = file.groups.map((group) => ({
    ...group,
    interval: `${SCRAPE_EVERY_MS}ms`,
    rules: group.rules.map((rule) => {
      // An apply is not faster here than elsewhere.
      const patience = rule.alert === 'LbNotApplying' ? rule.for : PATIENCE[rule.for]
      assert.ok(patience !== undefined, `${rule.alert} for ${rule.for}`)
      return { ...rule, for: patience, expr: rule.expr.replaceAll('[10m]', '[6s]').replaceAll('< 600', '< 7') }
    }),
  }))
  return stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** Starts it with what `lb-agent monitoring` printed, and returns once it is ready. */
export async function startPrometheus(lab: Lab, scrape: string, rules: string): Promise<Prometheus> {
  const directory = join(lab.directory, 'prometheus')
  mkdirSync(directory)
  writeFileSync(join(directory, 'lb-agent.rules.yml'), quicker(rules))
  const file = join(directory, 'prometheus.yml')
  const quick = scrape.replace(/scrape_interval: \d+s/, `scrape_interval: ${SCRAPE_EVERY_MS}ms`)
  writeFileSync(file, `rule_files: [lb-agent.rules.yml]\n${quick}`)
  run(lab, directory, file)

  const seat = takeSeat(lab)
  await until('Prometheus is ready', 20_000, async () => (await seat.ask(`${AT}/-/ready`)).status === 200)
  const get = async (path: string): Promise<unknown> => {
    const { text } = await seat.ask(`${AT}/api/v1/${path}`)
    const { status, error, data } = JSON.parse(text)
    assert.equal(status, 'success', `${path}: ${error}`)
    return data
  }
  const firing = async (): Promise<string> => {
    const { alerts } = (await get('alerts')) as { alerts: { state: string; labels: Record<string, string> }[] }
    const names = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => nameOf(labels))
    return names.sort().join(', ')
  }
  return {
    get,
    query: async (expr) => {
      const { result } = (await get(`query?query=${encodeURIComponent(expr)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[]
      }
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
    },
    fires: async (...alerts) => {
      const expected = [...alerts].sort().join(', ')
      let last = ''
      let since = Number.POSITIVE_INFINITY
      const holds = async (): Promise<boolean> => {
        await sleep(LOOK_EVERY_MS)
        last = await firing()
        since = last === expected ? Math.min(since, performance.now()) : Number.POSITIVE_INFINITY
        return performance.now() - since > 1.2 * SCRAPE_EVERY_MS
      }
      await until('the alerts', FIRES_WITHIN_MS, holds).catch(() => {
        assert.fail(`these alerts fire: ${last || 'none'}; these should: ${expected || 'none'}`)
      })
    },
  }
}

/** `LbServiceBelowMinimum web`, `LbDrift lb2`, `LbServiceBelowMinimumHere lb1 web`. */
export function nameOf({ alertname, instance, service, vip, daemon }: Readonly<Record<string, string>>): string {
  return [alertname, instance, service ?? vip ?? daemon].filter((part) => part !== undefined).join(' ')
}

function run(lab: Lab, directory: string, file: string): void {
  const log = openSync(join(directory, 'prometheus.log'), 'a')
  const options = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=${new URL(AT).host}`,
  ]
  const child = spawn('ip', ['netns', 'exec', lab.network.namespace('.client'), 'prometheus', ...options], {
    stdio: ['ignore', log, log],
    env: CLEAN_ENV,
  })
  closeSync(log)
  child.on('error', () => undefined)
}
