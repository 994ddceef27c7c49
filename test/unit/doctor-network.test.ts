import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressVerdict,
  mtuVerdict,
  networkdVerdict,
  networkManagerVerdict,
  strangerVerdict,
} from '../../src/doctor/verdicts/network.ts'
import { onLinkVerdict, sameNetworkVerdict, wayOf } from '../../src/doctor/verdicts/subnets.ts'
import { line, mend } from '../support/verdict-line.ts'

test('the node’s address belongs on its interface', () => {
  const node = { name: 'one', address: '10.0.0.1', interface: 'eth0' }
  assert.equal(line(addressVerdict(node, 'eth0')), 'ok: 10.0.0.1 is on eth0.')
  assert.match(
    line(addressVerdict(node, 'br0')),
    /^problem: 10\.0\.0\.1 is on br0; lb\.yaml says that one has it on eth0\./,
  )
  assert.match(line(addressVerdict(node, undefined)), /^problem: .* is on no interface of this machine that is up\./)
})

test('a VIP that no node answers for is a problem only when all nodes are known', () => {
  const vip = { name: 'api', address: '10.0.0.9' }
  const nodes = [
    { name: 'one', mac: '0a:01' },
    { name: 'two', mac: '0a:02' },
  ]
  const seen = { heldHere: false, answeredBy: '0a:02', nodes }
  assert.equal(line(strangerVerdict(vip, seen)), 'ok: VIP api (10.0.0.9) is answered by two (0a:02).')
  assert.match(
    line(strangerVerdict(vip, { ...seen, answeredBy: '0a:99' })),
    /^problem: VIP api \(10\.0\.0\.9\) is answered by 0a:99, which is no node of lb\.yaml: clients reach somebody else\./,
  )
  const unseen = [...nodes, { name: 'three', mac: undefined }]
  assert.equal(
    line(strangerVerdict(vip, { heldHere: false, answeredBy: '0a:99', nodes: unseen })),
    'cannot tell: VIP api (10.0.0.9) is answered by 0a:99; that may be three, not seen on this network.',
  )
  assert.equal(strangerVerdict(vip, { ...seen, heldHere: true }).kind, 'cannot tell')
})

test('an MTU that the other side does not have', () => {
  const link = { interface: 'eth0', mtu: 9000 }
  assert.equal(mtuVerdict('two', link, { small: true, whole: true }, 'apt').kind, 'ok')
  assert.match(
    line(mtuVerdict('two', link, { small: true, whole: false }, 'apt')),
    /^problem: two answers short packets, but none of 9000/,
  )
  assert.equal(mtuVerdict('two', link, { small: false, whole: false }, 'apt').kind, 'cannot tell')
  assert.equal(mtuVerdict('two', link, 'no ping', 'apt').kind, 'cannot tell')
})

test('who else manages the interface', () => {
  const file = '/etc/systemd/network/10-lan.network'
  assert.equal(
    line(networkdVerdict('eth0', { kind: 'manages', file, keeps: undefined, rootType: 'ext4' })),
    "problem: systemd-networkd manages eth0 by /etc/systemd/network/10-lan.network without KeepConfiguration=static: its next restart or reload takes the VIPs away. → mkdir -p /etc/systemd/network/10-lan.network.d && printf '[Network]\\nKeepConfiguration=static\\n' > /etc/systemd/network/10-lan.network.d/60-lb-agent.conf; drain this node, then: networkctl reload",
  )
  assert.deepEqual(mend(networkdVerdict('eth0', { kind: 'manages', file, keeps: undefined, rootType: 'ext4' })), [
    'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=static',
  ])
  assert.equal(networkdVerdict('eth0', { kind: 'manages', file, keeps: 'static', rootType: 'ext4' }).kind, 'ok')
  assert.equal(networkdVerdict('eth0', { kind: 'unmanaged' }).kind, 'ok')
  assert.equal(networkManagerVerdict('eth0', 'connected').kind, 'cannot tell')
  assert.equal(networkManagerVerdict('eth0', 'unmanaged').kind, 'ok')
})

test('what networkd keeps of DHCP it goes on keeping, and on a root of the network it keeps everything', () => {
  const file = '/etc/systemd/network/10-lan.network'
  const found = (keeps: string | undefined, rootType = 'ext4') =>
    networkdVerdict('eth0', { kind: 'manages', file, keeps, rootType })
  for (const keeps of ['dhcp', 'dhcp-on-stop', 'dynamic', 'dynamic-on-stop'])
    assert.deepEqual(mend(found(keeps)), [
      'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=yes',
    ])
  assert.equal(
    line(found('dhcp')),
    "problem: systemd-networkd manages eth0 by /etc/systemd/network/10-lan.network without KeepConfiguration=yes (it is dhcp, for the lease of DHCP alone): its next restart or reload takes the VIPs away. → mkdir -p /etc/systemd/network/10-lan.network.d && printf '[Network]\\nKeepConfiguration=yes\\n' > /etc/systemd/network/10-lan.network.d/60-lb-agent.conf; drain this node, then: networkctl reload",
  )
  assert.deepEqual(mend(found('no', 'nfs4')), [
    'write /etc/systemd/network/10-lan.network.d/60-lb-agent.conf: [Network] KeepConfiguration=static',
  ])
  assert.equal(
    line(found(undefined, 'nfs4')),
    'ok: systemd-networkd manages eth0 and keeps what others add, because / is of the network (nfs4).',
  )
  assert.equal(found('true').kind, 'ok')
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
