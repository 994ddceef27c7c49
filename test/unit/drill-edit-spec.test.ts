import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { withFailback, withMistake, withOneMoreServer } from '../../src/drill/edit-spec.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'

const text = readFileSync(new URL('../../examples/k3s-ha/lb.yaml', import.meta.url), 'utf8')

test('the added server is valid, new, and beside the others', () => {
  const parsed = parseSpec(text, 'lb.yaml')
  assert.equal(parsed.kind, 'spec')
  if (parsed.kind !== 'spec') return
  const edited = withOneMoreServer(text, parsed.spec, 1)
  // 10.17.4.24-27 are workers.
  assert.deepEqual(
    { server: edited.server, pool: edited.pool },
    { server: { name: 'drill1', address: '10.17.4.28' }, pool: 'masters' },
  )
  const again = parseSpec(edited.text, 'lb.yaml')
  assert.equal(again.kind, 'spec')
})

test('the mistake is one that validation finds', () => {
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind !== 'spec') throw new Error('the example is not valid')
  assert.equal(parseSpec(withMistake(text, parsed.spec), 'lb.yaml').kind, 'problems')
})

test('the time of failing back is set, and nothing else of vrrp is lost', () => {
  const edited = (vrrp: string): unknown => parse(withFailback(`version: 1\n${vrrp}cluster: c\n`, '3s')).vrrp
  assert.deepEqual(
    [
      edited(''),
      edited('vrrp: { transport: multicast, advertInterval: 30ms }\n'),
      edited('vrrp:\n  failback: manual # by hand\n  damping: 2s\n'),
      edited('vrrp: { failback: { after: 10s } }\n'),
    ],
    [
      { failback: { after: '3s' } },
      { transport: 'multicast', advertInterval: '30ms', failback: { after: '3s' } },
      { failback: { after: '3s' }, damping: '2s' },
      { failback: { after: '3s' } },
    ],
  )
})
