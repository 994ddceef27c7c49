import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ALLOWANCE_MS, logsOf, type Observation, playScenario } from '../support/play-scenario.ts'
import { missingForDaemons } from '../support/requirements.ts'
import { type Scenario, scenarioOf, scenarioText } from '../support/vrrp-scenario.ts'

/** Other seeds make other scenarios: FIRST_SEED=1000 SCENARIOS=200. */
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1)
const SCENARIOS = Number(process.env['SCENARIOS'] ?? 40)
/** keepalived sleeps nearly always, so several clusters fit on one processor. */
const SIDE_BY_SIDE = 10

/** undefined: as the model says. */
function disagreement({ expected, holders, lastChangeMs, changingMs, change }: Observation): string | undefined {
  const is = holders.join(' and ') || 'nobody'
  if (expected.oneOf.length > 0) {
    if (holders.length !== 1 || !expected.oneOf.includes(is))
      return `${is} has it, not one of ${expected.oneOf.join(', ')}`
  } else if (holders.join() !== expected.holders.join())
    return `${is} has it, not ${expected.holders.join(' and ') || 'nobody'}`
  if (change === 'start' || lastChangeMs === undefined) return undefined
  if (expected.bound === undefined) return `it moved after ${lastChangeMs} ms, which it should not`
  const latest = expected.bound.ms + ALLOWANCE_MS + changingMs
  return lastChangeMs > latest ? `it moved after ${lastChangeMs} ms, later than ${expected.bound.ms} ms` : undefined
}

function row({ change, vip, expected, holders, lastChangeMs }: Observation): string {
  const says =
    expected.oneOf.length > 0 ? `one of ${expected.oneOf.join(', ')}` : expected.holders.join(' and ') || 'nobody'
  const times = change === 'start' ? '' : `${expected.bound?.ms ?? '-'} | ${lastChangeMs?.toFixed(0) ?? '-'}`
  return `  ${change.padEnd(26)} ${vip.padEnd(12)} | ${says.padEnd(14)} | ${(holders.join(' and ') || 'nobody').padEnd(10)} | ${times}`
}

suite('the model against real keepalived', { skip: missingForDaemons(), timeout: 600_000 }, () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'proof-scenarios-'))
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  test('every holder is the one that the model names, and has the VIP within its bound', async () => {
    const scenarios = Array.from({ length: SCENARIOS }, (_, index) => scenarioOf(FIRST_SEED + index))
    const wrong: string[] = []
    const play = async (scenario: Scenario): Promise<string> => {
      const own = join(directory, String(scenario.seed))
      const seen = await playScenario(scenario, own)
      for (const one of seen) {
        const why = disagreement(one)
        if (why !== undefined)
          wrong.push(`${scenarioText(scenario)}\n${one.change}, ${one.vip}: ${why}\n${logsOf(scenario, own)}`)
      }
      return [scenarioText(scenario), ...seen.map(row)].join('\n')
    }
    const texts: string[] = []
    const queue = scenarios.map((scenario, index) => ({ scenario, index }))
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        texts[next.index] = await play(next.scenario)
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
    console.log(`change, VIP | the model | keepalived | bound | measured (ms)\n${texts.join('\n')}`)
    assert.deepEqual(wrong, [])
  })
})
