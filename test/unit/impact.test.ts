import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import { type ImpactOptions, impactOf, type VipImpact } from '../../src/proof/impact.ts'
import { type Written, writtenInstance, writtenKeepalived } from '../support/written-keepalived.ts'

test('what keepalived does not compare leaves a VIP where it is', () => {
  for (const [was, will] of [
    [{}, {}],
    [{}, { name: 'renamed' }],
    [{}, { advert: '0.2' }],
    [{}, { peers: ['10.9.0.2', '10.9.0.3'] }],
    [{}, { more: 'nopreempt' }],
    [{}, { addresses: ['10.9.0.100'] }],
    [{}, { addresses: ['10.9.0.100/32 dev eth0 scope global'] }],
    [{}, { addresses: ['10.9.0.100/32 brd 10.9.0.255'] }],
    [{ peers: null }, { peers: null, more: 'mcast_src_ip 10.9.0.3' }],
    [{}, { more: 'use_vmac\nvmac_xmit_base' }],
  ] satisfies [Written, Written][]) {
    const { kind, reasons, gone, added } = only(was, will)
    assert.deepEqual({ kind, reasons, gone, added }, { kind: 'stays', reasons: [], gone: [], added: [] })
  }
})

test('another virtual router id makes another instance of it, and nodes that have changed do not hear the others', () => {
  assert.deepEqual(only({}, { id: 8 }), {
    ...{ vip: 'v', was: 'v', kind: 'leaves', gone: [], added: [] },
    reasons: [{ text: 'its virtual router id changes from 7 to 8', at: at(12) }],
    priority: { was: 150, will: 150 },
    apart: [{ text: 'the virtual router id is another one', at: at(12) }],
  })
})

test('what keepalived compares takes the VIP away, and the reason says from what to what', () => {
  for (const [was, will, reason] of [
    [{}, { interface: 'eth1' }, 'it changes from interface eth0 to eth1'],
    [{}, { source: '10.9.0.3' }, 'its adverts come from 10.9.0.3 instead of 10.9.0.1'],
    [{}, { source: null }, 'its adverts come from an address that keepalived chooses instead of 10.9.0.1'],
    [{}, { peers: null }, 'its adverts change from unicast to multicast'],
    [{ peers: null }, {}, 'its adverts change from multicast to unicast'],
    [
      { peers: null },
      { peers: null, globals: 'vrrp_mcast_group4 224.0.0.99' },
      'its multicast group changes from 224.0.0.18 to 224.0.0.99',
    ],
    [{ peers: null }, { peers: null, more: 'use_vmac' }, 'it gets an interface of its own (use_vmac)'],
    [{ more: 'use_vmac\nvmac_xmit_base' }, {}, 'its own interface (use_vmac) goes'],
    [
      {},
      { addresses: ['fd00::100/128'], source: 'fd00::1', peers: ['fd00::2'] },
      'its addresses change from IPv4 to IPv6; its adverts come from fd00::1 instead of 10.9.0.1',
    ],
  ] satisfies [Written, Written, string][]) {
    const { kind, reasons } = only(was, will)
    assert.deepEqual([kind, reasons.map(({ text }) => text).join('; ')], ['leaves', reason])
  }
})

test('an address that is another one to keepalived is away for a moment, and the node stays MASTER', () => {
  for (const [address, reason] of [
    ['10.9.0.100/24', '10.9.0.100 changes from /32 to /24'],
    ['10.9.0.100/32 label eth0:v', '10.9.0.100 gets label eth0:v'],
    ['10.9.0.100/32 scope link', '10.9.0.100 gets scope link'],
    ['10.9.0.100/32 dev eth1', '10.9.0.100 changes from interface eth0 to eth1'],
  ] as const) {
    const { kind, reasons, apart } = only({}, { addresses: [address] })
    assert.deepEqual(
      { kind, reasons: reasons.map(({ text }) => text), apart },
      { kind: 'renewed', reasons: [reason], apart: [] },
    )
  }
  const back = only({ addresses: ['10.9.0.100/32 label eth0:v'] }, {})
  assert.deepEqual(
    back.reasons.map(({ text }) => text),
    ['10.9.0.100 loses its label eth0:v'],
  )
})

test('an address that changes between the two blocks stays, and adverts of the others are thrown away until they have it too', () => {
  const both = ['10.9.0.100/32', '10.9.0.101/32']
  const { kind, reasons, gone, added, apart } = only(
    { addresses: both },
    { addresses: ['10.9.0.100/32'], excluded: ['10.9.0.101/32'] },
  )
  assert.deepEqual({ kind, reasons, gone, added }, { kind: 'stays', reasons: [], gone: [], added: [] })
  assert.deepEqual(
    apart.map(({ text }) => text),
    ['adverts name other addresses (virtual_ipaddress)'],
  )
})

test('addresses that come and go are named, and the instance stays', () => {
  const { kind, gone, added } = only({ excluded: ['10.9.0.101/32'] }, { excluded: ['10.9.0.102/32'] })
  assert.deepEqual({ kind, gone, added }, { kind: 'stays', gone: ['10.9.0.101'], added: ['10.9.0.102'] })
})

test('another version keeps the VIP, but nodes of both versions do not hear each other', () => {
  const { kind, apart } = only({ advert: '1' }, { advert: '1', version: 2 })
  assert.deepEqual([kind, apart.map(({ text }) => text)], ['stays', ['VRRP version 2 is not understood by version 3']])
  const interval = only({ advert: '1', version: 2 }, { advert: '2', version: 2 })
  assert.deepEqual(
    interval.apart.map(({ text }) => text),
    ['the advert interval is another one (VRRPv2)'],
  )
})

test('an instance that follows from now on what says that this node cannot serve gives the VIP up', () => {
  const more = 'track_file {\nready\n}'
  const root = 'track_file ready {\nfile /run/ready\nweight 0 reverse\n}'
  const { kind, reasons } = only({ root }, { root, more }, { fails: new Set(['ready']) })
  assert.deepEqual(
    [kind, reasons.map(({ text }) => text)],
    ['fails', ['it follows ready from now on, which says that this node cannot serve']],
  )
  assert.equal(only({ root, more }, { root, more }, { fails: new Set(['ready']) }).kind, 'stays')
})

test('a VIP that the new file lacks goes, and one that it adds comes', () => {
  const two = read(writtenKeepalived() + writtenInstance({ name: 'w', id: 8, addresses: ['10.9.0.101/32'] }))
  const one = read(writtenKeepalived())
  assert.deepEqual(impactOf({ before: two, after: one }).vips[1], {
    ...{ vip: 'w', was: 'w', kind: 'goes', gone: ['10.9.0.101'], added: [], apart: [] },
    reasons: [{ text: 'the new file does not have it', at: two.instances[1]?.at }],
    priority: { was: 150, will: undefined },
  })
  assert.deepEqual(impactOf({ before: one, after: two }).vips[1], {
    ...{ vip: 'w', was: undefined, kind: 'comes', gone: [], added: ['10.9.0.101'], apart: [], reasons: [] },
    priority: { was: undefined, will: 150 },
  })
  assert.deepEqual(
    impactOf({ before: undefined, after: one }).vips.map(({ vip, kind }) => [vip, kind]),
    [['v', 'comes']],
  )
})

test('what keepalived takes at its start alone needs a restart', () => {
  const reasons = (was: Written, will: Written): string[] =>
    impactOf({ before: read(writtenKeepalived(was)), after: read(writtenKeepalived(will)) }).restart.map(
      ({ text }) => text,
    )
  assert.deepEqual(reasons({}, { root: 'net_namespace red' }), ['net_namespace is new'])
  assert.deepEqual(reasons({ root: 'instance a' }, {}), ['instance goes'])
  assert.deepEqual(reasons({ root: 'instance a' }, { root: 'instance b' }), ['instance changes from a to b'])
  assert.deepEqual(reasons({}, { globals: 'disable_local_igmp' }), ['disable_local_igmp is new'])
  assert.deepEqual(reasons({ globals: 'nftables a' }, { globals: 'nftables b' }), ['nftables changes from a to b'])
  assert.deepEqual(reasons({ globals: 'nftables a' }, { globals: 'nftables a' }), [])
})

function at(line: number): { file: string; line: number; col: number } {
  return { file: 'keepalived.conf', line, col: 5 }
}

function read(text: string): KeepalivedConfig {
  return readKeepalivedConfig('keepalived.conf', text, { configId: 'lb1', include: () => [] })
}

function only(was: Written, will: Written, options: ImpactOptions = {}): VipImpact {
  const impact = impactOf({ before: read(writtenKeepalived(was)), after: read(writtenKeepalived(will)) }, options)
  const [vip] = impact.vips
  assert.ok(vip !== undefined && impact.vips.length === 1, JSON.stringify(impact))
  return vip
}
