import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import type { Fault, FaultKind } from '../../src/proof/model.ts'
import type { KeepalivedNode } from '../../src/proof/of-keepalived.ts'
import { outcomesAfter } from '../../src/proof/table.ts'
import { proveFiles } from '../../src/rules/prove.ts'

const SCRIPTS = [
  '/usr/bin/killall -0 haproxy',
  '/usr/bin/curl -fsm1 http://127.0.0.1:8405/alive',
  '/usr/bin/curl -fskm1 https://127.0.0.1:6443/readyz',
]
const WEIGHTS = [0, 0, 0, 20, 60, -5, -20, -60, -120]

/** A pair to five nodes as people write them, most of them wrong. */
const writtenCluster = fc
  .record({
    priorities: fc.uniqueArray(fc.integer({ min: 60, max: 250 }), { minLength: 2, maxLength: 5 }),
    checks: fc.uniqueArray(fc.record({ script: fc.constantFrom(...SCRIPTS), weight: fc.constantFrom(...WEIGHTS) }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ script }) => script,
    }),
    nopreempt: fc.boolean(),
    unicast: fc.boolean(),
  })
  .map(({ priorities, checks, nopreempt, unicast }): KeepalivedNode[] => {
    const addressOf = (index: number): string => `10.0.0.${index + 11}`
    return priorities.map((priority, index) => {
      const peers = priorities.flatMap((_, other) => (other === index ? [] : [addressOf(other)]))
      const text = `global_defs {
  enable_script_security
  script_user root
  vrrp_version 3
}
${checks.map(({ script, weight }, at) => `vrrp_script chk_${at} {\n  script "${script}"\n  interval 1\n  weight ${weight}\n}`).join('\n')}
vrrp_instance VI {
  state BACKUP
  interface eth0
  virtual_router_id 61
  priority ${priority}
  advert_int 1
  ${nopreempt ? 'nopreempt' : ''}
  ${unicast ? `unicast_src_ip ${addressOf(index)}\n  unicast_peer {\n${peers.join('\n')}\n  }` : ''}
  track_script {
${checks.map((_, at) => `    chk_${at}`).join('\n')}
  }
  virtual_ipaddress {
    10.0.0.10
  }
}
`
      const name = `lb${index + 1}`
      const config = readKeepalivedConfig(`${name}.conf`, text, { configId: name, include: () => [] })
      assert.deepEqual(config.problems, [])
      return { name, config, isRestarted: true }
    })
  })

/** Faults that come and stay; a killed keepalived comes back by itself. */
const KINDS: readonly FaultKind[] = [
  'haproxy-dead',
  'haproxy-hung',
  'servers-lost',
  'keepalived-stopped',
  'node-lost',
  'link-down',
]

test('a hand-written cluster that passes the rules has one holder that serves, whatever fails, as long as one node could', () => {
  let passed = 0
  const faultsOf = (nodes: number) =>
    fc.uniqueArray(fc.record({ kind: fc.constantFrom(...KINDS), node: fc.nat(nodes - 1).map((at) => `lb${at + 1}`) }), {
      maxLength: 4,
      selector: ({ kind, node }: Fault) => `${kind} ${node}`,
    })
  const cases = writtenCluster.chain((nodes) => fc.tuple(fc.constant(nodes), faultsOf(nodes.length)))
  fc.assert(
    fc.property(cases, ([nodes, faults]) => {
      const { cluster, findings } = proveFiles(nodes)
      if (findings.some(({ severity }) => severity !== 'note')) return
      passed += 1
      const [outcome] = outcomesAfter(cluster, [faults])
      assert.ok(outcome !== undefined)
      const told = `${JSON.stringify(outcome)} of ${JSON.stringify(faults)}`
      if (outcome.could.length === 0) return
      assert.equal(outcome.holders.length, 1, told)
      assert.deepEqual(outcome.serving, outcome.holders, told)
      const [after] = outcomesAfter(cluster, [faults, faults.slice(1)])
      assert.ok(after !== undefined && after.holders.length <= 1, JSON.stringify(after))
    }),
    { numRuns: 1_000, seed: 1 },
  )
  assert.ok(passed >= 100, `only ${passed} of 1000 pass the rules`)
})
