import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAsset, readEngine } from '../../src/assets.ts'
import { proveDesired } from '../../src/prepare/prove-desired.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import { type Edit, edited, lbYamlWith } from '../support/edited-pair.ts'
import { ofRule } from '../support/told-findings.ts'

const SPEC = lbYamlWith('web: { vip: api, port: 80, pool: masters, check: { type: http, path: / } }')
const KEEPALIVED = readAsset('templates/keepalived.conf.j2')
const HAPROXY = readAsset('templates/haproxy.cfg.j2')

type Templates = { haproxy?: readonly Edit[]; keepalived?: readonly Edit[] }

function prove({ haproxy = [], keepalived = [] }: Templates, file = 'lb.yaml') {
  const parsed = parseSpec(SPEC, file)
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return proveDesired({
    ...{ spec: parsed.spec, places: parsed.places },
    templates: { haproxy: edited(HAPROXY, haproxy), keepalived: edited(KEEPALIVED, keepalived) },
    target: {
      ...{ node: 'lb1', release: '', haproxy: { user: 'haproxy', group: 'haproxy' }, metrics: { haproxy: 'builtin' } },
      paths: { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' },
    },
    engine: () => createTemplateEngine(readEngine()),
  })
}

function said(templates: Templates): string[] {
  const proven = prove(templates)
  if (proven.kind === 'problems') throw new Error(proven.problems.map(formatProblem).join('\n'))
  assert.equal(proven.kind, 'proof')
  if (proven.kind !== 'proof') return []
  return ofRule(proven.proof.findings, 'TEMPLATE')
}

function lineOf(template: string, text: string): number {
  return template.split('\n').findIndex((line) => line.startsWith(text)) + 1
}

const INSTANCE = lineOf(KEEPALIVED, 'vrrp_instance {{')
const COMMENT: Edit = ['global_defs {', '# ours\nglobal_defs {']

const cases: { observed: string; templates: Templates; says: string[] }[] = [
  {
    observed: 'a template that differs in words alone',
    templates: { keepalived: [COMMENT], haproxy: [['\nglobal\n', '\n# ours\nglobal\n']] },
    says: [],
  },
  {
    observed: 'instances with names of their own',
    templates: { keepalived: [['vrrp_instance {{ instance.name }}', 'vrrp_instance VI_{{ instance.name }}']] },
    says: [
      `error TEMPLATE api is in VI_api: the agent looks for an instance named after each VIP, and rejects the release because api has not reported (line LINE of what it gives for lb1, lb2) (templates/keepalived.conf.j2:${INSTANCE}) → vrrp_instance {{ instance.name }} for each of instances`,
    ],
  },
  {
    observed: 'no FIFO',
    templates: { keepalived: [['    vrrp_notify_fifo {{ fifo }}\n', '']] },
    says: [
      "error TEMPLATE there is no vrrp_notify_fifo: the agent hears nothing of keepalived's states, and rejects the release because no instance has reported (what it gives for lb1, lb2) (templates/keepalived.conf.j2) → vrrp_notify_fifo {{ fifo }} in global_defs",
    ],
  },
  {
    observed: 'a FIFO that says nothing at a reload',
    templates: { keepalived: [['    fifo_write_vrrp_states_on_reload\n', '']] },
    says: [
      'error TEMPLATE fifo_write_vrrp_states_on_reload is not there: keepalived says nothing when it is reloaded, and on a BACKUP the agent rejects the release because no instance has reported (what it gives for lb1, lb2) (templates/keepalived.conf.j2) → fifo_write_vrrp_states_on_reload in global_defs',
    ],
  },
  {
    observed: 'no health frontend',
    templates: { haproxy: [['    bind 127.0.0.1:{{ health_port }}\n', '    bind 127.0.0.1:1\n']] },
    says: [
      'error TEMPLATE nothing listens on 127.0.0.1:8405: the agent asks there for /alive, keeps the gate closed without an answer, and rejects the release (what it gives for lb1, lb2) (templates/haproxy.cfg.j2) → the frontend lb-agent:health of lb-agent’s own template, with bind 127.0.0.1:{{ health_port }}',
    ],
  },
  {
    observed: 'a description without the release',
    templates: { haproxy: [["{{ ' ' ~ release if release else '' }}\n    log", '\n    log']] },
    says: [
      `error TEMPLATE the description in global does not end with the release: the agent knows by it that a reload has worked, and rejects the release without (line LINE of what it gives for lb1, lb2) (templates/haproxy.cfg.j2:${lineOf(HAPROXY, '    description')}) → description {{ cluster }}/{{ node }} {{ release }} in global`,
    ],
  },
  {
    observed: 'no stats socket',
    templates: { haproxy: [['    stats socket {{ stats_socket }} mode 660 group {{ group }} level admin\n', '']] },
    says: [
      'error TEMPLATE there is no stats socket where the agent asks HAProxy: it cannot tell that a reload has worked, and rejects the release (what it gives for lb1, lb2) (templates/haproxy.cfg.j2) → stats socket {{ stats_socket }} mode 660 group {{ group }} level admin in global',
    ],
  },
  {
    observed: 'a service that nothing listens for',
    templates: { haproxy: [['    bind {{ bind }} transparent\n', '']] },
    says: [
      'error TEMPLATE nothing listens on 10.0.0.10:80 for web: its clients are refused on whatever node has the VIP (what it gives for lb1, lb2) (templates/haproxy.cfg.j2) → bind each of service.binds in a frontend',
    ],
  },
  {
    observed: 'a service at every address',
    templates: { haproxy: [['bind {{ bind }} transparent', 'bind *:80']] },
    says: [],
  },
  {
    observed: 'a backend with a name of its own',
    templates: {
      haproxy: [
        ['default_backend {{ service.backend }}', 'default_backend own'],
        ['backend {{ service.backend }}', 'backend own'],
      ],
    },
    says: [
      'warning TEMPLATE no server is in a backend web-servers: the agent looks for those of web there and takes all for lost, so no node is better than another, and a release that ends a backend with servers is rolled back (what it gives for lb1, lb2) (templates/haproxy.cfg.j2) → backend {{ service.backend }} with the servers of service.servers',
    ],
  },
  {
    observed: 'another virtual router id than in lb.yaml',
    templates: { keepalived: [['virtual_router_id {{ instance.virtual_router_id }}', 'virtual_router_id 7']] },
    says: [
      `warning TEMPLATE vrrp_instance api has virtual router id 7, and the agent expects 61: one that starts keepalived itself (supervisor: embedded) rejects the release (line LINE of what it gives for lb1, lb2) (templates/keepalived.conf.j2:${INSTANCE + 3}) → virtual_router_id {{ instance.virtual_router_id }}`,
    ],
  },
]

describe('of an own template', () => {
  for (const { observed, templates, says } of cases)
    test(`${observed}: ${says.length === 0 ? 'nothing is told' : 'is told where the template is'}`, () => {
      assert.deepEqual(
        said(templates).map((one) => one.replace(/\bline \d+/g, 'line LINE')),
        says,
      )
    })
})

test('what does not move a VIP is told at the line of the template, and at the line that it gives', () => {
  const proven = prove({ keepalived: [['priority {{ instance.priority }}', 'priority 100']] })
  assert.ok(proven.kind === 'proof')
  const [tie] = proven.proof.findings.filter(({ rule }) => rule === 'TIE')
  const line = lineOf(KEEPALIVED, '    priority {{')
  assert.deepEqual(tie?.places, [{ file: 'templates/keepalived.conf.j2', line, col: 1 }])
  assert.match(tie?.message ?? '', / \(line \d+ of what it gives for lb1, lb2\)$/)
})

test('a template that cannot be rendered is named beside the lb.yaml that was named', () => {
  const proven = prove({ keepalived: [['{{ instance.priority }}', '{{ instance.prio }}']] }, 'repo/lb.yaml')
  assert.ok(proven.kind === 'problems')
  assert.deepEqual(proven.problems.map(formatProblem), [
    `repo/templates/keepalived.conf.j2:${lineOf(KEEPALIVED, '    priority {{')}:17  the template cannot be rendered: undefined value at "instance.prio"`,
  ])
})
