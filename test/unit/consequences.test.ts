import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { consequenceText } from '../../src/proof/consequence-text.ts'
import { type Changes, consequencesOf } from '../../src/proof/consequences.ts'
import { impactOf } from '../../src/proof/impact.ts'
import { type Written, writtenInstance, writtenKeepalived } from '../support/written-keepalived.ts'

test('files that say the same change nothing', () => {
  assert.deepEqual(said({}, {}, { haproxy: 'same', keepalived: 'same' }), ['nothing is reloaded'])
})

test('a node without files starts both daemons, and gets its VIPs', () => {
  const impact = impactOf({ before: undefined, after: read(writtenKeepalived()) })
  const changes = { ...DEFAULTS, haproxy: 'new', keepalived: 'new', impact } as const
  assert.deepEqual(consequencesOf(changes).map(consequenceText), [
    'haproxy is started',
    'keepalived is started',
    'v comes to this node; one holds it once all nodes have the change',
  ])
})

test('a change of HAProxy alone is a reload that loses nothing', () => {
  assert.deepEqual(said({}, {}, { haproxy: 'changed', keepalived: 'same' }), [
    'haproxy is reloaded: it serves all the while, and open connections stay with the old worker',
  ])
})

test('a reload that keepalived takes for the same instance leaves a MASTER what it is', () => {
  assert.deepEqual(said({}, { advert: '0.2' }), [
    'keepalived is reloaded, and where this node is MASTER of v it stays MASTER of it',
  ])
})

test('another virtual router id takes the VIP away, says where, and that nodes do not hear each other meanwhile', () => {
  assert.deepEqual(said({}, { id: 8 }), [
    'keepalived is reloaded',
    'v leaves and returns after an election where this node holds it, because keepalived takes it for another instance: its virtual router id changes from 7 to 8 (keepalived.conf:12)',
    'until all nodes have the change, those with it and those without do not hear each other, and both may hold v: the virtual router id is another one (keepalived.conf:12)',
  ])
})

test("a pair that is none of lb-agent's is taken over by install, which leaves its VIPs to it meanwhile", () => {
  assert.equal(
    said({}, { id: 8 }, { isForeign: true }).at(-1),
    'lb-agent install leaves v to the pair that runs until each node is taken over. Put in place by hand, those with it and those without do not hear each other, and both may hold it: the virtual router id is another one (keepalived.conf:12)',
  )
})

test('what the agent can give away it gives to another node first', () => {
  const [, leaves] = said({}, { source: '10.9.0.3' }, { scored: new Set(['v']) })
  assert.equal(
    leaves,
    'v leaves and returns after an election where this node holds it, because keepalived takes it for another instance: its adverts come from 10.9.0.3 instead of 10.9.0.1 (keepalived.conf:15). The agent gives it to another node first',
  )
})

test('another prefix length is a millisecond without the address', () => {
  assert.deepEqual(said({}, { addresses: ['10.9.0.100/24'] }).slice(1), [
    'v leaves and returns within about a millisecond where this node holds it: 10.9.0.100 changes from /32 to /24 (keepalived.conf:21)',
  ])
})

test('another base priority moves the VIP to whoever wins the election then', () => {
  assert.deepEqual(said({ priority: 154 }, { priority: 153 }, { holders: new Map([['v', 'two']]) }).slice(1), [
    'v moves to two, unless two holds it already (the files of this node do not say who does): its base priority on this node changes from 154 to 153',
  ])
})

test('a VIP that this node has no more moves to another one, or is gone', () => {
  const before = read(writtenKeepalived() + writtenInstance({ name: 'w', id: 8, addresses: ['10.9.0.101/32'] }))
  const impact = impactOf({ before, after: read(writtenKeepalived()) })
  const last = (more: Partial<Changes>): string | undefined =>
    consequencesOf({ ...DEFAULTS, impact, ...more })
      .map(consequenceText)
      .at(-1)
  assert.equal(
    last({ holders: new Map([['w', 'two']]), scored: new Set(['w']) }),
    'w moves to two, unless two holds it already (the files of this node do not say who does): the new file does not have it (keepalived.conf:25). The agent gives it to another node first',
  )
  assert.equal(
    last({}),
    'w goes from this node, and no other one takes it: the new file does not have it (keepalived.conf:25)',
  )
})

test('a file that keepalived refuses to reload says that alone', () => {
  assert.deepEqual(said({}, { id: 8, root: 'net_namespace red' }), [
    'keepalived must be restarted, which takes its VIPs away: it refuses to reload this file and goes on with the old one (net_namespace is new (keepalived.conf:1))',
  ])
})

test('VIPs that share a fate are told together', () => {
  const both = (more: Written): KeepalivedConfig =>
    read(writtenKeepalived(more) + writtenInstance({ name: 'w', id: 8, addresses: ['10.9.0.101/32'], ...more }))
  const impact = impactOf({ before: both({}), after: both({ peers: null }) })
  assert.deepEqual(
    consequencesOf({ ...DEFAULTS, impact }).map((one) => ('vips' in one ? [one.kind, one.vips] : [one.kind])),
    [['keepalived reload'], ['vip leaves and returns', ['v', 'w']], ['nodes apart', ['v', 'w']]],
  )
})

const DEFAULTS: Omit<Changes, 'impact'> = {
  ...{ haproxy: 'same', keepalived: 'changed', node: 'one' },
  ...{ holders: new Map([['v', 'one']]), scored: new Set<string>(), isForeign: false },
}

function said(was: Written, will: Written, more: Partial<Changes> = {}): string[] {
  const impact = impactOf({ before: read(writtenKeepalived(was)), after: read(writtenKeepalived(will)) })
  return consequencesOf({ ...DEFAULTS, impact, ...more }).map(consequenceText)
}

function read(text: string): KeepalivedConfig {
  return readKeepalivedConfig('keepalived.conf', text, { configId: 'lb1', include: () => [] })
}
