import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readDesired } from '../../src/cli/read-desired.ts'
import { type MonitoringPart, monitoringText } from '../../src/monitoring/text.ts'
import type { Spec } from '../../src/spec/spec.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIRECTORY = join(ROOT, 'templates/monitoring')
const EXAMPLE = 'examples/k3s-ha'
const AGENT_PORT = 9853

/** The dashboard is JSON, which has no comments. */
const FILES: readonly { name: string; part: MonitoringPart; comment: string }[] = [
  { name: 'lb-agent.rules.yml', part: 'rules', comment: commentFor('--rules', 'rule_files') },
  { name: 'lb-agent.scrape.yml', part: 'scrape', comment: commentFor('--scrape', 'scrape_configs') },
  { name: 'lb-agent.dashboard.json', part: 'grafana', comment: '' },
]

for (const { name, part, comment } of FILES) {
  test(`templates/monitoring/${name} is what \`lb-agent monitoring ${EXAMPLE}\` prints`, () => {
    const made = comment + monitoringText(part, exampleSpec(), AGENT_PORT)
    const file = join(DIRECTORY, name)
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(DIRECTORY, { recursive: true })
      writeFileSync(file, made)
    }
    assert.equal(readFileSync(file, 'utf8'), made, 'UPDATE_GOLDEN=1 npm run test:golden rewrites it')
  })

  test(`with another name for k3s-home, ${name} is that of another cluster`, () => {
    const renamed = readFileSync(join(DIRECTORY, name), 'utf8').replaceAll('k3s-home', 'office')
    const made = monitoringText(part, { ...exampleSpec(), cluster: 'office' }, AGENT_PORT)
    assert.deepEqual(parse(renamed), parse(made))
  })
}

function commentFor(option: string, key: string): string {
  return `# What \`lb-agent monitoring ${EXAMPLE} ${option}\` prints, for ${key} of prometheus.yml. Your lb.yaml gives you your own;
# without one, put the name of your cluster in the place of k3s-home in all three files, and your nodes in lb-agent.scrape.yml.
`
}

function exampleSpec(): Spec {
  const desired = readDesired(join(ROOT, EXAMPLE))
  assert.ok(desired.kind === 'desired')
  return desired.spec
}
