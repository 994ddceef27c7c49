import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { StageResult } from '../../src/apply/stage-record.ts'
import { parse, prove } from '../../src/prepare/release-of-revision.ts'

const LB_YAML = `version: 1
cluster: test
nodes: { lb1: { address: 10.9.0.1, interface: eth0 }, lb2: { address: 10.9.0.2, interface: eth0 } }
vips: { v: { address: 10.9.0.100, virtualRouterId: 7, prefer: [lb1, lb2] } }
pools: { web: { a: 10.9.1.1, b: 10.9.1.2 } }
services: { web: { vip: v, port: 80, pool: web } }
`
const TEMPLATE = readFileSync(new URL('../../templates/keepalived.conf.j2', import.meta.url), 'utf8')

/** What the agent's stage `prove` says of a repository with this template of its own. */
function proofOf(keepalived: string, more = ''): StageResult<void> {
  const target = {
    ...{ node: 'lb1', haproxy: { user: 'haproxy', group: 'haproxy' }, metrics: { haproxy: 'builtin' as const } },
    paths: { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' },
  }
  const files = new Map([
    ['lb.yaml', LB_YAML + more],
    ['templates/keepalived.conf.j2', keepalived],
  ])
  const revision = { sha: 'a'.repeat(40), files, target }
  const parsed = parse(revision)
  assert.ok(parsed.kind === 'ok', JSON.stringify(parsed))
  return prove(revision, parsed.value)
}

function detailOf(result: StageResult<void>): string {
  assert.ok(result.kind === 'ok', JSON.stringify(result))
  return result.detail
}

const SAME_PRIORITY = TEMPLATE.replace('priority {{ instance.priority }}', 'priority 100')

test('a template that ties is rejected, and passes where lb.yaml accepts that', () => {
  const rejected = proofOf(SAME_PRIORITY)
  assert.ok(rejected.kind === 'failed' && rejected.rejects)
  assert.match(rejected.reason, / {2}TIE: lb1 and lb2 have the same priority for 10\.9\.0\.100, 100 \+ 100 = 200: /)
  assert.equal(
    detailOf(proofOf(SAME_PRIORITY, "accept: { TIE: 'whoever comes first' }\n")),
    'proven but for what lb.yaml accepts; warnings: TEMPLATE; accepted: TIE',
  )
})

test('an instance for an address that lb.yaml does not know rejects nothing', () => {
  const egress = `${TEMPLATE}
vrrp_instance egress {
    state BACKUP
    interface eth0
    virtual_router_id 99
    priority {{ 100 if node == 'lb1' else 90 }}
    virtual_ipaddress {
        10.9.0.200/32 dev eth0
    }
}
`
  assert.match(detailOf(proofOf(egress)), /^every fault on 2 nodes leaves each VIP where it can be served; /)
})

test('a template that includes what is on the nodes alone is not proven, and rejects nothing', () => {
  const including = TEMPLATE.replace(/vrrp_instance \{\{[\s\S]*?\n\}\n/, 'include /etc/keepalived/local.conf\n')
  assert.notEqual(including, TEMPLATE)
  assert.equal(
    detailOf(proofOf(including)),
    'not proven: the template includes /etc/keepalived/local.conf, which is on the nodes alone',
  )
})

test('a check script that cannot be read leaves open what it notices, and not what a tie does', () => {
  const check = (text: string): string =>
    text
      .replace(/track_file gate \{[\s\S]*?\n\}\n/, '')
      .replace('        gate\n', '')
      .replace('{{ check }}', '/etc/keepalived/check.sh')
  assert.match(
    detailOf(proofOf(check(TEMPLATE))),
    /^not proven: .* what \/etc\/keepalived\/check\.sh looks at could not be read/,
  )
  assert.equal(proofOf(check(SAME_PRIORITY)).kind, 'failed')
})

test('a word that is not known here is left to keepalived, and does not hide a tie', () => {
  const unknown = (text: string): string => text.replace('    advert_int', '    advert_invention 7\n    advert_int')
  assert.match(detailOf(proofOf(unknown(TEMPLATE))), /^not proven: .* keepalived knows no "advert_invention"/)
  assert.equal(proofOf(unknown(SAME_PRIORITY)).kind, 'failed')
})
