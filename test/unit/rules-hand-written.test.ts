import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KeepalivedNode } from '../../src/proof/of-keepalived.ts'
import { proveFiles } from '../../src/rules/prove.ts'
import { RULE_TEXTS, severities } from '../../src/rules/rule-texts.ts'
import { RULE_IDS } from '../../src/spec/rule-ids.ts'
import { type Edit, type Edits, haproxyOf, pairOf } from '../support/edited-pair.ts'
import { ADDRESS_CASES } from '../support/rule-cases/address-cases.ts'
import { ADVERT_CASES } from '../support/rule-cases/advert-cases.ts'
import { CHECK_CASES } from '../support/rule-cases/check-cases.ts'
import { ELECTION_CASES } from '../support/rule-cases/election-cases.ts'
import { HAPROXY_CASES } from '../support/rule-cases/haproxy-cases.ts'
import { KEEPALIVED_CASES } from '../support/rule-cases/keepalived-cases.ts'
import { BY_MULTICAST, type Files, type RuleCase, SCRIPT, WEIGHT } from '../support/rule-cases/rule-case.ts'
import { ofRule, told } from '../support/told-findings.ts'

const cases: readonly RuleCase[] = [
  ...CHECK_CASES,
  ...ELECTION_CASES,
  ...ADVERT_CASES,
  ...ADDRESS_CASES,
  ...KEEPALIVED_CASES,
  ...HAPROXY_CASES,
]

function findingsOf({ haproxy, scripts, ...edits }: Files) {
  return proveFiles(pairOf(edits, scripts), haproxy === undefined ? [] : [haproxyOf(haproxy)]).findings
}

test('nothing stands against the pair that the cases begin with', () => {
  assert.deepEqual(findingsOf({ haproxy: [] }).map(told), [])
})

test('a node whose keepalived does not start takes no part', () => {
  const { table, findings } = proveFiles(pairOf({ lb1: [['  virtual_router_id 61\n', '']] }))
  assert.deepEqual(
    table.map(({ vip, healthy }) => [vip.name, healthy.holders]),
    [['10.0.0.10', ['lb2']]],
  )
  assert.deepEqual(findings.map(told), [
    'error KEEPALIVED keepalived does not start with this file, and its node takes no part: api has no virtual_router_id (lb1.conf:9) → write one of 1-255',
    'warning VIP-ONE-NODE only lb2 may hold 10.0.0.10: without that node nobody serves it (lb2.conf:14) → the same instance on another node',
  ])
})

test('what is wrong in the files of two nodes is told once', () => {
  const { findings } = proveFiles(pairOf({ both: [['  interface eth0\n', '']] }))
  assert.deepEqual(ofRule(findings, 'KEEPALIVED'), [
    'error KEEPALIVED keepalived does not start with this file, and its node takes no part: api has no interface (lb1.conf:9, lb2.conf:9) → write the one that its adverts go through',
  ])
})

test('nobody holds an address whose nodes do not start', () => {
  const { findings } = proveFiles(pairOf({ both: [['  interface eth0\n', '']] }))
  assert.deepEqual(ofRule(findings, 'TAKEOVER'), [
    'error TAKEOVER nobody holds 10.0.0.10 while all is well (lb1.conf:9, lb2.conf:9) → see the other findings',
  ])
})

/** The fixture's pair with what `lb-agent rules TAKEOVER` prints. */
const AS_PRINTED: Edits = {
  both: [
    [
      `global_defs {
  enable_script_security
  script_user root
}
vrrp_script serves {
  ${SCRIPT}
  interval 1
}
`,
      RULE_TEXTS.TAKEOVER.example ?? '',
    ],
    ['    serves\n', '    haproxy_answers\n    servers_answer\n'],
  ],
}

test('nothing stands against the checks that lb-agent rules TAKEOVER prints', () => {
  assert.deepEqual(findingsOf(AS_PRINTED).map(told), [])
})

test('two pairs by unicast may have the same virtual router id, and differ in all else', () => {
  const own = (mine: number, theirs: number): Edit[] => [
    [`unicast_src_ip 10.0.0.${mine}`, `unicast_src_ip 10.0.1.${mine}`],
    [`    10.0.0.${theirs}`, `    10.0.1.${theirs}`],
  ]
  const others: Edits = {
    both: [
      ['10.0.0.10', '10.0.1.10'],
      ['  interval 1', '  interval 2'],
      ['  virtual_router_id 61', '  virtual_router_id 61\n  advert_int 2'],
    ],
    lb1: own(11, 12),
    lb2: own(12, 11),
  }
  const second = pairOf(others).map((node, index) => ({ ...node, name: `b${index + 1}` }))
  assert.deepEqual(proveFiles([...pairOf({}), ...second]).findings.map(told), [])
})

/** The pair with a third node of priority 90, by multicast. */
function threeWith(weight: number): KeepalivedNode[] {
  const both = [WEIGHT(weight), ...BY_MULTICAST]
  const [third] = pairOf({
    both,
    lb1: [
      ['priority 110', 'priority 90'],
      ['10.0.0.11', '10.0.0.13'],
    ],
  })
  assert.ok(third !== undefined)
  return [...pairOf({ both }), { ...third, name: 'lb3' }]
}

test('a weight that is enough for the first of three nodes, and not for two that fail, is a warning', () => {
  assert.deepEqual(ofRule(proveFiles(threeWith(-11)).findings, 'WEIGHT'), [
    "warning WEIGHT a dead HAProxy on lb1 and lb2 at once leaves 10.0.0.10 on lb1: 110 - 11 = 99 is not below lb3's 90 (lb1.conf:15) → a weight that outweighs the distance from the first to the last priority, or weight 0",
  ])
  assert.deepEqual(ofRule(proveFiles(threeWith(-21)).findings, 'WEIGHT'), [])
})

test('with three nodes a weight is advised that outweighs all of their priorities', () => {
  const nodes = pairOf({ both: [WEIGHT(-10), ...BY_MULTICAST] })
  const third = pairOf({
    both: [WEIGHT(-10), ...BY_MULTICAST],
    lb2: [
      ['priority 100', 'priority 90'],
      ['10.0.0.12', '10.0.0.13'],
    ],
  })[1]
  assert.ok(third !== undefined)
  const { findings } = proveFiles([...nodes, { ...third, name: 'lb3' }])
  assert.deepEqual(
    findings.filter(({ rule }) => rule === 'WEIGHT').map(({ fix }) => fix),
    ['a weight below -20, or weight 0, would move it, also when it has failed on other nodes before'],
  )
})

test('every rule has a case', () => {
  const named = new Set(cases.map(({ rule }) => rule))
  assert.deepEqual(
    RULE_IDS.filter((rule) => !named.has(rule) && RULE_TEXTS[rule].over !== 'lb.yaml'),
    [],
  )
})

for (const { observed, rule, found, says, near } of cases)
  describe(`${rule}: ${observed}`, () => {
    const findings = findingsOf(found)
    test('is told', () => assert.deepEqual(ofRule(findings, rule), says))
    test('is not told of what is almost that', () => assert.deepEqual(ofRule(findingsOf(near), rule), []))
    test('is as grave as the list of rules says', () => {
      const unlisted = findings.filter((one) => !severities(RULE_TEXTS[one.rule]).includes(one.severity))
      assert.deepEqual(unlisted.map(told), [])
    })
  })
