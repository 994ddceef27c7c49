import assert from 'node:assert/strict'
import { test } from 'node:test'
import { haproxyVerdict, keepalivedVerdict, presentVerdict } from '../../src/doctor/verdicts/programs.ts'
import { line } from '../support/verdict-line.ts'

function said(text: string) {
  return { kind: 'said', text } as const
}

test('HAProxy without its exporter is a problem only where it is to serve its own figures', () => {
  const vv = said('HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n')
  const wants = { metrics: 'builtin', serveByAgent: 'set metrics', checkedByTls: [] } as const
  assert.equal(line(haproxyVerdict(vv, true, wants, 'apt')), 'ok: HAProxy 2.6.12, with its exporter (PROMEX).')
  assert.equal(
    line(haproxyVerdict(vv, false, wants, 'apt')),
    'problem: HAProxy 2.6.12 was built without its exporter (PROMEX), and agent.yaml says metrics.haproxy: builtin. → set metrics',
  )
  assert.equal(
    line(haproxyVerdict(vv, false, { ...wants, metrics: 'agent' }, 'apt')),
    'ok: HAProxy 2.6.12; the agent serves its figures (metrics.haproxy: agent).',
  )
  assert.equal(
    line(haproxyVerdict(said('HA-Proxy version 2.2.9-2 2021/03/03'), true, wants, 'apt')),
    "cannot tell: haproxy 2.2.9 is older than 2.6, the oldest that lb-agent is tested with. → a newer haproxy, of the distribution's next release",
  )
  assert.equal(
    line(haproxyVerdict({ kind: 'missing' }, undefined, wants, 'apt')),
    'problem: haproxy is not installed, or haproxy.binary in agent.yaml names another file. → apt-get install haproxy',
  )
})

test('HAProxy without TLS is a problem where servers are asked by https, ssh where the repository is reached by it', () => {
  const wants = { metrics: 'agent', serveByAgent: 'X', checkedByTls: ['kubernetes-api'] } as const
  const built = (tls: string) => said(`HAProxy version 3.0.11\n\nFeature list : +NS ${tls} -OPENSSL_AWSLC +PROMEX\n`)
  assert.equal(
    line(haproxyVerdict(built('-OPENSSL'), true, wants, 'apt')),
    "problem: HAProxy 3.0.11 was built without TLS (OPENSSL), and asks the servers of kubernetes-api by https: it refuses its file. → install the distribution's haproxy (apt-get install haproxy), or check: { type: tcp } in lb.yaml",
  )
  assert.equal(haproxyVerdict(built('+OPENSSL'), true, wants, 'apt').kind, 'ok')
  assert.equal(haproxyVerdict(built('-OPENSSL'), true, { ...wants, checkedByTls: [] }, 'apt').kind, 'ok')
  assert.equal(
    line(presentVerdict('ssh', { kind: 'missing' }, 'apt')),
    'problem: ssh is not installed, and the agent cannot do without it. → apt-get install openssh-client',
  )
})

test('keepalived tells its build options', () => {
  const with_ = (options: string) => said(`Keepalived v2.2.7 (01/16,2022)\n\nConfig options:  ${options}\n`)
  assert.equal(line(keepalivedVerdict(with_('LVS VRRP JSON'), 'apt')), 'ok: keepalived 2.2.7, with VRRP and JSON.')
  assert.equal(
    line(keepalivedVerdict(with_('LVS VRRP'), 'apt')),
    'ok: keepalived 2.2.7, with VRRP; without JSON, so that its text dump is read.',
  )
  assert.equal(
    line(keepalivedVerdict(with_('LVS VRRP_AUTH'), 'apt')),
    "problem: keepalived 2.2.7 was built without VRRP: it can hold no VIP. → install the distribution's keepalived (apt-get install keepalived)",
  )
  assert.equal(
    line(presentVerdict('git', { kind: 'missing' }, 'apt')),
    'problem: git is not installed, and the agent cannot do without it. → apt-get install git',
  )
})
