import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepare } from '../../src/prepare/prepare.ts'
import type { Revision } from '../../src/prepare/release-of-revision.ts'

const TARGET: Revision['target'] = {
  node: 'lb1',
  paths: { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' },
  haproxy: { user: 'haproxy', group: 'haproxy' },
  metrics: { haproxy: 'builtin' },
}

function revision(servers: number, more = ''): Revision {
  const list = Array.from({ length: servers }, (_, at) => `s${at}: 10.1.${Math.floor(at / 250)}.${(at % 250) + 1}`)
  const services = Array.from({ length: 30 }, (_, at) => `  web${at}: { vip: v, port: ${8000 + at}, pool: web }\n`)
  const text = `version: 1
cluster: test
nodes: { lb1: { address: 10.9.0.1, interface: eth0 }, lb2: { address: 10.9.0.2, interface: eth0 } }
vips: { v: { address: 10.9.0.100, virtualRouterId: 7, prefer: [lb1, lb2] } }
pools: { web: { ${list.join(', ')} } }
services:
${services.join('')}${more}`
  return { sha: 'a'.repeat(40), files: new Map([['lb.yaml', text]]), target: TARGET }
}

const never = new AbortController().signal
const options = { timeout: 60_000 }

test('a release of half a megabyte arrives whole', options, async () => {
  const preparation = prepare(revision(500), never)
  try {
    assert.deepEqual(await preparation.parsed(), {
      kind: 'ok',
      value: undefined,
      detail: '2 nodes, 1 VIPs, 30 services',
    })
    assert.deepEqual(await preparation.proven(), {
      kind: 'ok',
      value: undefined,
      detail: 'every fault on 2 nodes leaves each VIP where it can be served',
    })
    const rendered = await preparation.rendered()
    assert.ok(rendered.kind === 'ok', JSON.stringify(rendered))
    assert.equal(rendered.value.node, 'lb1')
    assert.ok(rendered.value.files.haproxy.length > 400_000, String(rendered.value.files.haproxy.length))
    assert.match(rendered.value.files.haproxy, /server s499 .*\n$/)
  } finally {
    preparation.close()
  }
})

test('a mistake comes back as a problem, and rejects the revision', options, async () => {
  const preparation = prepare(revision(1, 'srvices: {}\n'), never)
  const parsed = await preparation.parsed()
  preparation.close()
  assert.ok(parsed.kind === 'failed' && parsed.rejects)
  assert.match(parsed.reason, /srvices is not a key here/)
})

test('an agent that is told to end does not wait for it', options, async () => {
  const ending = new AbortController()
  const preparation = prepare(revision(500), ending.signal)
  ending.abort()
  const parsed = await preparation.parsed()
  preparation.close()
  assert.deepEqual(parsed, { kind: 'failed', reason: 'the agent was told to end', rejects: false })
})
