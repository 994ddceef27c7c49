import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ProofCluster, Router } from '../../src/proof/model.ts'
import { cluster, router, tracker } from '../support/proof-cluster.ts'
import { dead, fault, holders } from '../support/proof-outcomes.ts'

suite('who hears whom', () => {
  const two = (a: Partial<Router>, b: Partial<Router>): ProofCluster =>
    cluster([router('a', { priority: 110, ...a }), router('b', b)])
  const peers = (...addresses: string[]): Partial<Router> => ({ unicastPeers: addresses })

  test('peers that name each other have one MASTER', () => {
    assert.equal(holders(two(peers('10.0.0.2'), peers('10.0.0.1'))), 'a')
  })

  test('a MASTER that does not send to its peer makes two', () => {
    assert.equal(holders(two(peers('10.0.0.9'), peers('10.0.0.1'))), 'a and b')
  })

  test('a BACKUP that does not send to the MASTER is heard of when it should take over, and then there are two', () => {
    const trackers = [tracker('file', 0, { 'haproxy-dead': -20 })]
    const nodes = two({ ...peers('10.0.0.2'), trackers }, peers('10.0.0.9'))
    assert.equal(holders(nodes), 'a')
    assert.equal(holders(nodes, [dead('a')]), 'a and b')
  })

  test('after priority 0 a node may overtake a lower MASTER that has held it back, with nopreempt', () => {
    const nodes = cluster([
      router('a', { priority: 90, nopreempt: true, unicastPeers: ['10.0.0.2', '10.0.0.3'] }),
      router('b', { priority: 200, nopreempt: true, unicastPeers: ['10.0.0.3'], trackers: [fault] }),
      router('c', { priority: 120, nopreempt: true, unicastPeers: ['10.0.0.1', '10.0.0.2'] }),
    ])
    assert.equal(holders(nodes), 'a and b')
    assert.equal(holders(nodes, [dead('b')]), 'one of a, c')
  })

  test('check_unicast_src refuses whoever is no peer', () => {
    assert.equal(holders(two(peers('10.0.0.2'), { ...peers('10.0.0.9'), checksSource: true })), 'a and b')
    assert.equal(holders(two(peers('10.0.0.2'), peers('10.0.0.9'))), 'a')
  })

  test('unicast and multicast do not hear each other', () => {
    assert.equal(holders(two(peers('10.0.0.2'), {})), 'a and b')
  })

  test('two multicast groups do not hear each other', () => {
    assert.equal(holders(two({}, { multicastGroup: '224.0.0.99' })), 'a and b')
  })

  test('adverts that name other addresses are refused, in another order they are not', () => {
    const list = (...addresses: string[]): Partial<Router> => ({ advertised: addresses, addresses })
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.101', '10.0.0.100'))), 'a')
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.100'))), 'a and b')
    assert.equal(holders(two(list('10.0.0.100', '10.0.0.101'), list('10.0.0.100', '10.0.0.102'))), 'a and b')
  })

  test('in VRRPv2 another password is refused, in VRRPv3 there is none', () => {
    const password = (version: 2 | 3) =>
      two({ version, authentication: 'PASS one' }, { version, authentication: 'PASS two' })
    assert.equal(holders(password(2)), 'a and b')
    assert.equal(holders(password(3)), 'a')
  })

  test('in VRRPv2 another interval is refused', () => {
    assert.equal(holders(two({ version: 2, advertMs: 1_000 }, { version: 2, advertMs: 2_000 })), 'a and b')
  })

  test('VRRPv2 and VRRPv3 do not hear each other', () => {
    assert.equal(holders(two({ version: 2, advertMs: 1_000 }, { advertMs: 1_000 })), 'a and b')
  })

  test('two virtual routers with the same address have two MASTERs', () => {
    assert.equal(holders(two({}, { virtualRouterId: 8 })), 'a and b')
  })

  test('equal addresses are equal however they are written', () => {
    const ipv6 = (address: string, source: string): Partial<Router> => ({
      family: 6,
      advertised: [address],
      addresses: [address],
      source,
      unicastPeers: ['fd00::1', 'FD00:0::2'],
    })
    assert.equal(holders(two(ipv6('fd00::100', 'fd00::1'), ipv6('FD00:0::0100', 'fd00:0::2'))), 'a')
  })
})
