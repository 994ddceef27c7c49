import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEngine } from '../../src/assets.ts'
import { readDesired } from '../../src/cli/read-desired.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { serversLostTerms } from '../../src/proof/agent-trackers.ts'
import type { ProofCluster, Router } from '../../src/proof/model.ts'
import { proofOfKeepalived } from '../../src/proof/of-keepalived.ts'
import { proofOfSpec } from '../../src/proof/of-spec.ts'
import { renderFiles } from '../../src/render/render-files.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'

const CASES = join(import.meta.dirname, '../golden/cases')
const TEMPLATE = readFileSync(join(import.meta.dirname, '../../templates/keepalived.conf.j2'), 'utf8')
const engine = createTemplateEngine(readEngine())

for (const name of readdirSync(CASES)) {
  test(`what the proof knows of ${name} is what its rendered files say`, () => {
    const desired = readDesired(join(CASES, name))
    assert.ok(desired.kind === 'desired')
    const { spec } = desired
    const nodes = spec.nodes.map((node) => {
      const target = {
        ...{ node: node.name, release: '', haproxy: { user: 'haproxy', group: 'haproxy' } },
        paths: { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' },
        metrics: { haproxy: 'builtin' as const },
      }
      const rendered = renderFiles(engine, spec, target, { haproxy: '', keepalived: TEMPLATE })
      assert.ok(rendered.kind === 'rendered', JSON.stringify(rendered))
      const options = { configId: node.name, include: () => [] }
      const config = readKeepalivedConfig(node.name, rendered.files.keepalived, options)
      assert.deepEqual([config.problems, config.unread], [[], []])
      return { name: node.name, config, isRestarted: true }
    })
    assert.deepEqual(comparable(proofOfKeepalived(nodes)), comparable(proofOfSpec(spec)))
  })
}

/** Without places, and without what only lb.yaml says: whom it prefers, how its servers are checked, failback. */
function comparable({ nodes, routers }: ProofCluster): object {
  return {
    nodes: nodes.map(({ name }) => name),
    routers: routers.map(comparableRouter).sort((a, b) => (a.key < b.key ? -1 : 1)),
  }
}

function comparableRouter({ at: _, trackers, unicastPeers, ...router }: Router) {
  return {
    ...router,
    key: `${router.node} ${router.name}`,
    unicastPeers: unicastPeers === undefined ? undefined : [...unicastPeers].sort(),
    trackers: trackers
      .map(({ at: _at, under: { 'servers-lost': __, ...under }, ...tracker }) => ({ ...tracker, under }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

test('the loss of servers takes the next check, failed ones until their timeout, and no less damping than checks are apart', () => {
  const service = (intervalMs: number) => [{ fall: 2, intervalMs }]
  assert.deepEqual(serversLostTerms(service(1_000), { dampingMs: 2_000, writtenMs: 2_000 }), [
    { what: 'the time until the next check of the servers', ms: 1_000 },
    { what: '2 checks without an answer within 1000 ms', ms: 2_000 },
    { what: 'the agent asks HAProxy', ms: 500 },
    { what: 'damping', ms: 2_000 },
  ])
  assert.deepEqual(serversLostTerms(service(3_000), { dampingMs: 4_000, writtenMs: 2_000 })?.at(-1), {
    what: 'damping, no less than the longest interval of a check and 1 s',
    ms: 4_000,
  })
})
