import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorsOf, type Proof, proveSpec, whatIsProven } from '../../src/rules/prove.ts'
import { RULE_TEXTS, severities } from '../../src/rules/rule-texts.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import { RULE_IDS, type RuleId } from '../../src/spec/rule-ids.ts'
import { type Edit, type Edits, edited, lbYamlWith, pairOf } from '../support/edited-pair.ts'
import { ofRule, told } from '../support/told-findings.ts'

const BASE = lbYamlWith('kube: { vip: api, port: 6443, pool: masters, profile: kubernetes-api }')

/** `template`: what a keepalived.conf.j2 of the repository makes of the pair, where it brings one. */
type Desired = { yaml?: readonly Edit[]; template?: Edits }
type Case = { observed: string; rule: RuleId; found: Desired; says: readonly string[]; near: Desired }

const WEB: Edit = ['  kube:', '  web: { vip: api, port: 80, pool: masters, check: { type: http, path: /ok } }\n  kube:']
const SECOND: Edit = ['pools:', '  web: { address: 10.0.0.20, virtualRouterId: 62, prefer: [lb2, lb1] }\npools:']

const cases: readonly Case[] = [
  {
    observed: 'a template whose weight makes a tie',
    rule: 'WEIGHT',
    found: { template: { both: [['  interval 1', '  interval 1\n  weight -10']] } },
    says: [
      "error WEIGHT a dead HAProxy, a hung HAProxy or the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: 110 - 10 = 100 ties with lb2's 100 (lb1.conf:15, lb2.conf:15) → a weight below -10, or weight 0, would move it",
    ],
    near: { template: { both: [['  interval 1', '  interval 1\n  weight -11']] } },
  },
  {
    observed: 'more servers wanted than there are',
    rule: 'POOL-MINIMUM',
    found: { yaml: [['profile: kubernetes-api }', 'profile: kubernetes-api, minimumServers: 3 }']] },
    says: [
      'warning POOL-MINIMUM kube wants 3 servers up, and pool masters has 2: the service counts as down for ever, on every node (lb.yaml:11, lb.yaml:9) → minimumServers of at most 2',
    ],
    near: { yaml: [['profile: kubernetes-api }', 'profile: kubernetes-api, minimumServers: 2 }']] },
  },
  {
    observed: 'no server with a weight',
    rule: 'POOL-WEIGHT',
    found: {
      yaml: [
        [
          'm1: 10.0.0.21, m2: 10.0.0.22',
          'm1: { address: 10.0.0.21, weight: 0 }, m2: { address: 10.0.0.22, weight: 0 }',
        ],
      ],
    },
    says: [
      'warning POOL-WEIGHT every server of pool masters has weight 0: none of them gets new connections (lb.yaml:9) → a weight of at least 1 for one of them',
    ],
    near: { yaml: [['m1: 10.0.0.21', 'm1: { address: 10.0.0.21, weight: 0 }']] },
  },
  {
    observed: 'a server that is the service itself',
    rule: 'POOL-LOOP',
    found: { yaml: [['m2: 10.0.0.22', 'm2: 10.0.0.10']] },
    says: [
      'warning POOL-LOOP server m2 of kube is 10.0.0.10 port 6443, that very service: a connection to it goes round until every port is used up (lb.yaml:9) → the address of a machine that serves',
    ],
    near: { yaml: [['m2: 10.0.0.22', 'm2: { address: 10.0.0.10, port: 6444 }']] },
  },
  {
    observed: 'a server that leads back by another service',
    rule: 'POOL-LOOP',
    found: {
      yaml: [
        [
          'm2: 10.0.0.22 }',
          'm2: { address: 10.0.0.10, port: 80 } }\n  back: { b1: { address: 10.0.0.10, port: 6443 } }',
        ],
        ['  kube:', '  web: { vip: api, port: 80, pool: back, check: { type: http, path: /ok } }\n  kube:'],
      ],
    },
    says: [
      'warning POOL-LOOP server b1 of web is 10.0.0.10 port 6443, service kube, which leads back to it: a connection to it goes round until every port is used up (lb.yaml:10) → the address of a machine that serves',
      'warning POOL-LOOP server m2 of kube is 10.0.0.10 port 80, service web, which leads back to it: a connection to it goes round until every port is used up (lb.yaml:9) → the address of a machine that serves',
    ],
    near: { yaml: [WEB, ['m2: 10.0.0.22', 'm2: { address: 10.0.0.22, port: 80 }']] },
  },
  {
    observed: 'a template whose check sees too little',
    rule: 'TAKEOVER',
    found: { template: { both: [['http://127.0.0.1:6443/healthz', 'http://127.0.0.1:8405/alive']] } },
    says: [
      'error TAKEOVER the loss of the way to the servers on lb1 leaves 10.0.0.10 on lb1: nothing that keepalived follows there notices it (serves), and lb2 could serve it (lb1.conf:14, lb1.conf:24) → for the servers one that asks through HAProxy, with a weight (with 0 all nodes would give up together when the servers are down for all); lb-agent rules TAKEOVER prints one',
    ],
    near: {},
  },
  {
    observed: 'a template that makes two holders',
    rule: 'TWO-HOLDERS',
    found: { template: { lb1: [['    10.0.0.12', '    10.0.0.13']] } },
    says: [
      'error TWO-HOLDERS lb1 and lb2 hold 10.0.0.10 at the same time while all is well: they do not hear each other (lb1.conf:14, lb2.conf:14) → see the other findings; lb-agent doctor on the nodes says whether VRRP reaches them',
    ],
    near: { template: {} },
  },
  {
    observed: 'a template that gives another node the highest priority',
    rule: 'OWNER',
    found: { template: { lb1: [['priority 110', 'priority 90']] } },
    says: [
      'error OWNER lb2 holds 10.0.0.10 while all is well, and lb1 is the first of prefer (lb1.conf:14, lb2.conf:14) → a template that gives lb1 the highest priority',
    ],
    near: { template: { lb1: [['priority 110', 'priority 101']] } },
  },
  {
    observed: 'a template with equal priorities',
    rule: 'TIE',
    found: { template: { lb1: [['priority 110', 'priority 100']] } },
    says: [
      'error TIE lb1 and lb2 have the same priority for 10.0.0.10, 100: the one that starts first holds it, and after a failure it does not come back (lb1.conf:14, lb2.conf:14) → a priority of its own for each node',
    ],
    near: { template: { lb1: [['priority 110', 'priority 101']] } },
  },
  {
    observed: 'the id of the examples',
    rule: 'VRID-51',
    found: { yaml: [['virtualRouterId: 61', 'virtualRouterId: 51']] },
    says: [
      "note VRID-51 10.0.0.10 has virtual router id 51, as in keepalived's examples: by unicast no other pair hears of it; where one of them changes to multicast, each drops the adverts of the other (lb.yaml:7) → another one of 1-255",
    ],
    near: { yaml: [['virtualRouterId: 61', 'virtualRouterId: 52']] },
  },
  {
    observed: 'nodes in two networks',
    rule: 'VIP-SUBNET',
    found: {
      yaml: [['10.0.0.12', '10.0.1.12'], SECOND],
    },
    says: [
      'warning VIP-SUBNET lb1 (10.0.0.11) and lb2 (10.0.1.12) look as if they were in different networks (taken for /24, or /64), and all may hold 10.0.0.10 and 10.0.0.20: a VIP moves by ARP, inside one network, so clients reach it on one side only (lb.yaml:4, lb.yaml:5) → nodes of one network in prefer; where a bridge or one larger network joins them, accept it',
    ],
    near: { yaml: [['10.0.0.12', '10.0.0.212']] },
  },
  {
    observed: 'a VIP with the prefix length of another network',
    rule: 'VIP-PREFIX',
    found: { yaml: [['10.0.0.10,', '10.0.5.10/24,']] },
    says: [
      'warning VIP-PREFIX 10.0.5.10/24 brings a route to 10.0.5.0/24, where no node is: the node with the VIP looks for all of that network on its own link (lb.yaml:7) → 10.0.5.10/32',
    ],
    near: { yaml: [['10.0.0.10,', '10.0.0.10/24,']] },
  },
  {
    observed: 'a VIP that prefers one node',
    rule: 'VIP-ONE-NODE',
    found: { yaml: [SECOND, ['prefer: [lb2, lb1]', 'prefer: [lb2]']] },
    says: [
      'warning VIP-ONE-NODE only lb2 may hold 10.0.0.20: without that node nobody serves it (lb.yaml:8) → another node in prefer',
    ],
    near: { yaml: [SECOND] },
  },
  {
    observed: 'a VIP without a service',
    rule: 'VIP-UNUSED',
    found: { yaml: [SECOND] },
    says: [
      'warning VIP-UNUSED no service is on VIP web: a node holds 10.0.0.20, and HAProxy answers nobody there (lb.yaml:8) → a service with vip: web; if another program listens there, accept it',
    ],
    near: { yaml: [SECOND, ['  kube:', '  web: { vip: web, port: 80, pool: masters }\n  kube:']] },
  },
  {
    observed: 'a pool without a service',
    rule: 'POOL-UNUSED',
    found: { yaml: [['services:', '  spare: { s1: 10.0.0.31, s2: 10.0.0.32 }\nservices:']] },
    says: [
      'note POOL-UNUSED no service uses pool spare: its servers get no connections (lb.yaml:10) → a service with pool: spare, or no such pool',
    ],
    near: {
      yaml: [
        ['services:', '  spare: { s1: 10.0.0.31, s2: 10.0.0.32 }\nservices:'],
        ['  kube:', '  web: { vip: api, port: 80, pool: spare }\n  kube:'],
      ],
    },
  },
  {
    observed: 'a cluster of one node',
    rule: 'VIP-ONE-NODE',
    found: {
      yaml: [
        ['  lb2: { address: 10.0.0.12, interface: eth0 }\n', ''],
        ['[lb1, lb2]', '[lb1]'],
      ],
    },
    says: [
      'warning VIP-ONE-NODE only lb1 may hold 10.0.0.10: without that node nobody serves it (lb.yaml:6) → another node in prefer',
    ],
    near: {},
  },
  {
    observed: 'short timeouts for a Kubernetes API',
    rule: 'API-TIMEOUT',
    found: { yaml: [['kubernetes-api }', 'kubernetes-api, timeouts: { tunnel: 5m } }']] },
    says: [
      'warning API-TIMEOUT kube ends what is silent for 300 s (timeout tunnel): watches of a Kubernetes API are, and kubectl logs -f (lb.yaml:11) → profile: kubernetes-api, which has 4h; or a timeout of at least 10m',
    ],
    near: { yaml: [['kubernetes-api }', 'kubernetes-api, timeouts: { client: 5m } }']] },
  },
  {
    observed: 'an API that is checked by a connection',
    rule: 'CHECK',
    found: { yaml: [['profile: kubernetes-api', 'profile: tcp']] },
    says: [
      'warning CHECK the servers of kube are checked by a connection alone: an API server that hangs, or is not ready, still takes connections (lb.yaml:11) → profile: kubernetes-api, which asks /readyz by TLS',
    ],
    near: {},
  },
  {
    observed: 'other services that are checked by a connection',
    rule: 'CHECK',
    found: { yaml: [WEB, ['check: { type: http, path: /ok }', 'check: tcp']] },
    says: [
      'note CHECK the servers of web are checked by a connection alone: one that takes connections and answers nothing stays in use (lb.yaml:11) → check: { type: http, path: /… } where the servers have a page for it',
    ],
    near: { yaml: [WEB] },
  },
  {
    observed: 'a pool of one server',
    rule: 'ONE-SERVER',
    found: { yaml: [['m1: 10.0.0.21, ', '']] },
    says: [
      'warning ONE-SERVER pool masters has one server, m2: when it is down, every balancer is up and nothing is served (lb.yaml:9) → a second server',
    ],
    near: { yaml: [['services:', '  spare: { s1: 10.0.0.31 }\nservices:']] },
  },
  {
    observed: 'a service on the port of the agent',
    rule: 'AGENT-PORT',
    found: { yaml: [WEB, ['port: 80', 'port: 9853']] },
    says: [
      'warning AGENT-PORT web is on port 9853, where lb-agent answers for status and metrics on every address of the node: HAProxy cannot listen there as well (lb.yaml:11) → another port, or another one in http.listen of every agent.yaml',
    ],
    near: { yaml: [WEB, ['port: 80', 'port: 9854']] },
  },
  {
    observed: 'the health of HAProxy on the port of the agent',
    rule: 'AGENT-PORT',
    found: { yaml: [['vips:', 'haproxy: { healthPort: 9853 }\nvips:']] },
    says: [
      'warning AGENT-PORT HAProxy is to answer for its health on port 9853, where lb-agent answers for status and metrics on every node: HAProxy cannot listen there, and each agent rejects the release (lb.yaml:6) → another port, such as 8405, or another one in http.listen of every agent.yaml',
    ],
    near: { yaml: [['vips:', 'haproxy: { healthPort: 9854 }\nvips:']] },
  },
]

function proofOf({ yaml = [], template }: Desired, accept: readonly RuleId[] = []): Proof {
  const reasons = accept.map((rule) => `  ${rule}: it is meant so\n`)
  const text = `${edited(BASE, yaml)}${reasons.length === 0 ? '' : `accept:\n${reasons.join('')}`}`
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return proveSpec(parsed.spec, parsed.places, template === undefined ? [] : pairOf(template))
}

test('nothing stands against the lb.yaml that the cases begin with', () => {
  const proof = proofOf({})
  assert.deepEqual(proof.findings.map(told), [])
  assert.equal(whatIsProven(proof), 'every fault on 2 nodes leaves each VIP where it can be served')
})

for (const { observed, rule, found, says, near } of cases)
  describe(`${rule}: ${observed}`, () => {
    const proof = proofOf(found)
    test('is told', () => assert.deepEqual(ofRule(proof.findings, rule), says))
    test('is not told of what is almost that', () => assert.deepEqual(ofRule(proofOf(near).findings, rule), []))
    test('is as grave as the list of rules says', () => {
      const unlisted = proof.findings.filter((one) => !severities(RULE_TEXTS[one.rule]).includes(one.severity))
      assert.deepEqual(unlisted.map(told), [])
    })
    test('can be accepted, and is then no error', () => {
      const accepted = proofOf(found, [rule])
      assert.deepEqual(
        accepted.findings.filter((one) => one.rule === rule).map((one) => one.accepted),
        says.map(() => 'it is meant so'),
      )
      assert.deepEqual(
        errorsOf(accepted).filter((one) => one.rule === rule),
        [],
      )
    })
  })

test('lb.yaml may accept every rule', () => {
  const { findings } = proofOf({}, RULE_IDS)
  assert.deepEqual(
    findings.filter(({ rule, accepted }) => rule !== 'ACCEPT-UNUSED' || accepted === undefined),
    [],
  )
})

test('an accept that nothing needs is told, and one that something needs is not', () => {
  assert.deepEqual(ofRule(proofOf({}, ['VIP-SUBNET']).findings, 'ACCEPT-UNUSED'), [
    'note ACCEPT-UNUSED VIP-SUBNET is accepted, and finds nothing here: the accept would hide what it finds later (lb.yaml:13) → take it away',
  ])
  const apart = proofOf({ yaml: [['address: 10.0.0.12', 'address: 10.0.1.12']] }, ['VIP-SUBNET'])
  assert.deepEqual(ofRule(apart.findings, 'ACCEPT-UNUSED'), [])
})

test('what is accepted comes last, with its reason', () => {
  const desired: Desired = {
    yaml: [
      ['virtualRouterId: 61', 'virtualRouterId: 51'],
      ['m1: 10.0.0.21, ', ''],
    ],
  }
  assert.deepEqual(
    proofOf(desired, ['VRID-51']).findings.map(({ rule, accepted }) => [rule, accepted]),
    [
      ['ONE-SERVER', undefined],
      ['VRID-51', 'it is meant so'],
    ],
  )
})

test('says in one line what is proven but for what is accepted', () => {
  const desired: Desired = {
    yaml: [
      ['virtualRouterId: 61', 'virtualRouterId: 51'],
      ['m1: 10.0.0.21, ', ''],
    ],
  }
  assert.equal(
    whatIsProven(proofOf(desired, ['VRID-51'])),
    'proven but for what lb.yaml accepts; warnings: ONE-SERVER; accepted: VRID-51',
  )
})
