import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNotThisNode } from '../../src/install/this-node.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'

const TEXT = `version: 1
cluster: home
nodes:
  lb1: { address: 10.0.0.1, interface: eth0 }
  lb2: { address: 10.0.0.2, interface: eth0 }
vips:
  api: { address: 10.0.0.9, virtualRouterId: 7, prefer: [lb1, lb2] }
pools: {}
services: {}
`

test('a machine is no other node than the one whose address it has', () => {
  const parsed = parseSpec(TEXT, 'lb.yaml')
  assert.ok(parsed.kind === 'spec', JSON.stringify(parsed))
  const why = (node: string, ...own: string[]) => whyNotThisNode(node, parsed.spec, new Set(own))
  assert.deepEqual(why('lb1', '127.0.0.1', '10.0.0.1'), [])
  const what = '10.0.0.1, the address of lb1 in lb.yaml, is on no interface of this machine that is up'
  assert.deepEqual(why('lb1', '10.0.0.2'), [{ what: `${what}; it has 10.0.0.2, which is lb2`, fix: '--node lb2' }])
  assert.deepEqual(why('lb1', '10.0.0.77'), [{ what, fix: 'ip address show; nodes.lb1.address in lb.yaml, or --node' }])
})
