import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advertsOf, advertsVerdict, type Expected } from '../../src/doctor/verdicts/adverts.ts'
import { certificateVerdict } from '../../src/doctor/verdicts/certificates.ts'
import { onLinkVerdict, sameNetworkVerdict, wayOf } from '../../src/doctor/verdicts/subnets.ts'
import type { Verdict } from '../../src/doctor/verdicts/verdict.ts'

/** `kind: why → fix`. */
function line(verdict: Verdict): string {
  const fix = verdict.kind === 'ok' || verdict.fix === null ? '' : ` → ${verdict.fix}`
  return `${verdict.kind}: ${verdict.why}${fix}`
}

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

test('a VIP in a subnet of its interface, of another one, or of none', () => {
  const vip = { name: 'api', address: '10.17.5.10' }
  const node = { name: 'lb1', interface: 'eth0' }
  const routed = { dst: 'default', dev: 'eth0', gateway: '10.17.3.1', ofAddress: false }
  assert.equal(
    line(onLinkVerdict(vip, node, [routed, { dst: '10.17.0.0/16', dev: 'eth0', gateway: undefined, ofAddress: true }])),
    'ok: VIP api (10.17.5.10) is in a subnet of eth0 (10.17.0.0/16): clients there reach it by ARP.',
  )
  assert.equal(
    line(onLinkVerdict(vip, node, [routed])),
    "cannot tell: VIP api (10.17.5.10) is in no subnet of eth0: whoever is not on this network reaches it only if the router looks for it there by ARP. → on the router: an address or an on-link route of the VIP's subnet on the interface towards eth0 (ip route add 10.17.5.10/32 dev …); or a VIP in a subnet of eth0",
  )
  assert.equal(
    line(onLinkVerdict(vip, node, [routed, { dst: '10.17.5.0/24', dev: 'eth1', gateway: undefined, ofAddress: true }])),
    'cannot tell: VIP api (10.17.5.10) is in a subnet of eth1 (10.17.5.0/24), and lb.yaml says that lb1 carries it on eth0: its ARP is sent there. → nodes.lb1.interface: eth1 in lb.yaml, if its clients are on eth1',
  )
})

test('a VIP that its own subnet keeps for something else, unless a route alone says how long that is', () => {
  const node = { name: 'lb1', interface: 'eth0' }
  const told = (address: string, dst: string, ofAddress = true) =>
    line(onLinkVerdict({ name: 'ingress', address }, node, [{ dst, dev: 'eth0', gateway: undefined, ofAddress }]))
  assert.equal(
    told('10.17.3.255', '10.17.3.0/24'),
    'problem: VIP ingress (10.17.3.255) is the broadcast address of 10.17.3.0/24, the subnet of eth0: nobody there reaches a node by it. → vips.ingress.address in lb.yaml: another address',
  )
  assert.equal(
    told('fd00:17::', 'fd00:17::/64'),
    'problem: VIP ingress (fd00:17::) is the subnet-router anycast address of fd00:17::/64, the subnet of eth0: nobody there reaches a node by it. → vips.ingress.address in lb.yaml: another address',
  )
  assert.equal(
    told('10.17.3.255', '10.17.3.0/24', false),
    'ok: VIP ingress (10.17.3.255) is in a subnet of eth0 (10.17.3.0/24): clients there reach it by ARP.',
  )
})

test('a node behind a router cannot take a VIP over by ARP', () => {
  const peer = { name: 'lb2', address: '192.168.0.30' }
  const told = (text: string) => line(sameNetworkVerdict(['api', 'web'], peer, wayOf(text)))
  assert.equal(
    told('192.168.0.30 dev eth0 src 192.168.0.31 uid 0 \\    cache'),
    'ok: lb2 is on the same network (eth0), without a router between.',
  )
  assert.equal(
    told('192.168.0.30 via 10.17.3.1 dev eth0 src 10.17.3.12 uid 0 \\    cache'),
    'problem: lb2 is reached through the router 10.17.3.1. A VIP moves by ARP, which no router passes on: where lb2 holds api, web, clients of this network do not reach it. → give lb2 and this node addresses in one subnet of one network, and name those in lb.yaml; or take one of them out of prefer',
  )
  assert.equal(told(''), 'problem: There is no route to lb2 (192.168.0.30). → ip route get 192.168.0.30')
})

test('the certificate of an API server names the VIP', () => {
  const service = { name: 'kubernetes-api', vip: 'api', addresses: ['10.17.5.10', 'fd00::10'] }
  const server = (name: string, ...lacking: string[]) =>
    ({ name, address: '10.17.4.21', port: 6443, kind: 'certificate', lacking }) as const
  const silent = { name: 'm3', address: '10.17.4.23', port: 6443, kind: 'silent', reason: 'ECONNREFUSED' } as const
  const told = (...shown: Parameters<typeof certificateVerdict>[1]) => line(certificateVerdict(service, shown))
  assert.equal(told(server('m1'), server('m2')), 'ok: The certificates of m1, m2 name 10.17.5.10, fd00::10, VIP api.')
  assert.equal(
    told(server('m1'), server('m2', 'fd00::10'), silent),
    'problem: The certificate of m2 does not name fd00::10 (VIP api): clients that ask for kubernetes-api by that address refuse it. → on m2: tls-san: ["fd00::10"] in /etc/rancher/k3s/config.yaml (k3s server --tls-san fd00::10), then systemctl restart k3s, one after the other; kubeadm: apiServer.certSANs',
  )
  assert.match(
    told(server('m1', '10.17.5.10', 'fd00::10'), server('m2', '10.17.5.10')),
    /^problem: The certificates of m1, m2 do not name 10\.17\.5\.10, fd00::10 \(VIP api\): .* refuse them\. → on m1, m2: tls-san: \["10\.17\.5\.10", "fd00::10"\]/,
  )
  assert.equal(
    told(server('m1'), silent),
    'cannot tell: The certificate of m1 names 10.17.5.10, fd00::10. No certificate was seen of m3 at 10.17.4.23:6443 (ECONNREFUSED). → ask again when they run',
  )
  assert.equal(
    told(silent),
    'cannot tell: No certificate was seen of m3 at 10.17.4.23:6443 (ECONNREFUSED). → ask again when they run',
  )
})
