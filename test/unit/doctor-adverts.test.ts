import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advertsOf, advertsVerdict, type Expected } from '../../src/doctor/verdicts/adverts.ts'
import { line } from '../support/verdict-line.ts'

const EXPECTED: Expected = {
  vip: { name: 'v', address: '10.0.0.100', virtualRouterId: 7 },
  interface: 'eth0',
  listenedMs: 3_500,
  advertIntervalMs: 100,
  self: 'two',
  heldHere: false,
  waits: false,
  nodes: [
    { name: 'one', address: '10.0.0.1', mac: '0a:00:00:00:00:01' },
    { name: 'two', address: '10.0.0.2', mac: '0a:00:00:00:00:02' },
  ],
}

/** Lines as tcpdump 4.99.3 prints them. */
function said(source: string, count: number, { version = 3, id = 7, mac = '0a:00:00:00:00:09' } = {}): string {
  const kind = version === 2 ? 'authtype simple, intvl 1s, length 20' : 'intvl 10cs, length 12'
  const one = `${mac} > 01:00:5e:00:00:12, ethertype IPv4 (0x0800), length 54: ${source} > 224.0.0.18: VRRPv${version}, Advertisement, vrid ${id}, prio 150, ${kind}\n`
  return one.repeat(count)
}

function adverts(text: string, expected: Partial<Expected> = {}): string {
  return line(advertsVerdict({ kind: 'adverts', adverts: advertsOf(text) }, { ...EXPECTED, ...expected }, 'apt'))
}

test('adverts of nodes are well; other virtual router ids, and the same id in the other family, are not ours', () => {
  const well = 'ok: In 3.5 s on eth0, only one sent adverts of virtual router id 7; unicast to others is not heard.'
  assert.equal(adverts(said('10.0.0.1', 35)), well)
  assert.equal(adverts(said('10.0.0.1', 35) + said('10.0.0.9', 3, { version: 2, id: 8 })), well)
  const ipv6 =
    '0a:00:00:00:00:09 > 33:33:00:00:00:12, ethertype IPv6 (0x86dd), length 78: fd00::9 > fd00::1: VRRPv3, Advertisement, (ttl 64), vrid 7, prio 100, intvl 50cs, length 24\n'
  assert.deepEqual(advertsOf(ipv6), [
    { mac: '0a:00:00:00:00:09', source: 'fd00::9', version: 3, virtualRouterId: 7, priority: 100 },
  ])
  assert.equal(adverts(said('10.0.0.1', 35) + ipv6), well)
  // By multicast a node sends from the first address of its interface, whatever lb.yaml says.
  assert.equal(adverts(said('10.0.0.201', 35, { mac: '0a:00:00:00:00:01' })), well)
})

test('a stranger with our virtual router id', () => {
  assert.equal(
    adverts(said('10.0.0.1', 35) + said('10.0.0.9', 3, { version: 2 })),
    'problem: 10.0.0.9 sends VRRPv2 adverts of virtual router id 7 (priority 150) on eth0, and is no node of lb.yaml: two clusters that share an id disturb each other. → another virtualRouterId for VIP v in lb.yaml; or end VRRP there (systemctl stop keepalived; CARP of a pfSense or OPNsense counts as VRRPv2)',
  )
})

test('a node that still runs hand-written files', () => {
  assert.equal(
    adverts(said('10.0.0.1', 4, { version: 2 })),
    'problem: one sends VRRPv2 adverts of virtual router id 7 on eth0: a keepalived with hand-written files runs there. It and the VRRPv3 of lb-agent do not hear each other, so both hold VIP v. → on one: systemctl stop keepalived, and let lb-agent write its files (README, "Coming from Ansible or hand-written files")',
  )
})

test('a VIP that is left to the old pair is not said to be held twice, and nobody is told to stop its only holder', () => {
  const waits = true
  const old = said('10.0.0.1', 4, { version: 2 })
  const left =
    'problem: VIP v is left to the pair without lb-agent on one (10.0.0.1), which holds it and sends VRRPv2 adverts of virtual router id 7 on eth0: until an agent holds it, no node takes it over by VRRP. → run lb-agent install on one'
  assert.equal(adverts(old, { waits }), left)
  // By multicast it sends from the first address of its interface.
  assert.equal(adverts(said('10.0.0.201', 4, { version: 2, mac: '0a:00:00:00:00:01' }), { waits }), left)
  assert.equal(
    adverts(said('10.0.0.9', 4, { version: 2 }), { waits }),
    'problem: VIP v is left to a pair without lb-agent, and 10.0.0.9, which is no address of a node in lb.yaml, sends VRRPv2 adverts of virtual router id 7 on eth0. → if 10.0.0.100 is on that machine (ip address show): run lb-agent install there; if it is another cluster: another virtualRouterId for VIP v in lb.yaml',
  )
  assert.equal(
    adverts('', { waits }),
    'cannot tell: VIP v is left to a pair without lb-agent, and no adverts of virtual router id 7 were heard on eth0: it is gone, or sends them to its other node alone. → run lb-agent install on the node that holds 10.0.0.100; if none does: lb-agent undrain --vip v, and this node takes part',
  )
  assert.match(adverts(said('10.0.0.1', 35), { waits }), /^ok: In 3\.5 s on eth0, only one sent/)
})

test('two nodes that go on sending do not hear each other; one that gives its VIP away is not meant', () => {
  const mine = said('10.0.0.2', 30, { mac: '0a:00:00:00:00:02' })
  assert.match(
    adverts(said('10.0.0.1', 35) + mine, { heldHere: true }),
    /^problem: one and two both send adverts of virtual router id 7: each believes to be alone, and both hold VIP v\./,
  )
  assert.match(adverts(said('10.0.0.1', 5) + mine, { heldHere: true }), /^ok: In 3\.5 s on eth0, only one and two sent/)
})

test('a node that holds a VIP and whose adverts do not leave, and one that hears nobody', () => {
  assert.equal(
    adverts('', { heldHere: true }),
    'problem: two holds VIP v, and none of its adverts of virtual router id 7 left eth0 in 3.5 s: the other nodes believe to be alone. → nft list ruleset | grep -i -e vrrp -e 112 (chains of hook output); journalctl -u keepalived -n 50',
  )
  assert.match(adverts('', { heldHere: true, advertIntervalMs: 2_000 }), /^cannot tell: /, 'too slow to be heard')
  assert.equal(
    adverts(''),
    'cannot tell: No adverts of virtual router id 7 on eth0 in 3.5 s: no node holds VIP v, or they do not come through to two. → lb-agent status --cluster says who holds it; between the nodes IP protocol 112 must pass',
  )
})

test('a link-local address may be any node’s', () => {
  const vip = { name: 'v', address: 'fd00::100', virtualRouterId: 7 }
  const text =
    '0a:00:00:00:00:09 > 33:33:00:00:00:12, ethertype IPv6 (0x86dd), length 78: fe80::9 > ff02::12: VRRPv3, Advertisement, vrid 7, prio 100, intvl 10cs, length 24\n'.repeat(
      9,
    )
  assert.equal(
    adverts(text, { vip }),
    "cannot tell: fe80::9 sends adverts of virtual router id 7 on eth0; whether that link-local address is a node's is not known. → ip -6 address show dev eth0 on each node",
  )
  assert.match(adverts(text.replaceAll('00:09 >', '00:01 >'), { vip }), /^ok: In 3\.5 s on eth0, only one sent/)
})

test('nobody can listen without root, without tcpdump, or on a link that is not there', () => {
  assert.equal(
    line(advertsVerdict({ kind: 'not root' }, EXPECTED, 'apt')),
    'cannot tell: Listening for adverts is for root. → run lb-agent doctor as root',
  )
  assert.equal(
    line(advertsVerdict({ kind: 'no tcpdump' }, EXPECTED, 'apt')),
    'cannot tell: tcpdump is not installed, so nobody listened for adverts. → apt-get install tcpdump',
  )
  assert.equal(
    line(advertsVerdict({ kind: 'failed', reason: 'exit code 1: no such device' }, EXPECTED, 'apt')),
    'cannot tell: tcpdump cannot listen on eth0: exit code 1: no such device.',
  )
})
