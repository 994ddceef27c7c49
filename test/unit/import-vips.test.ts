import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { keepalivedWith } from '../support/import-fixtures.ts'
import { oldDirectories } from '../support/old-directories.ts'

const { imported, remove } = oldDirectories()
after(remove)

describe('who holds a VIP', () => {
  const comments = (name: string, one: string, two: string) =>
    imported(name, { 'lb1/keepalived.conf': keepalivedWith(one), 'lb2/keepalived.conf': keepalivedWith(two) })

  test('is who has the highest priority, and a contradiction is said', () => {
    const { spec, text } = comments('contradiction', 'state MASTER\n priority 100', 'state BACKUP\n priority 120')
    assert.deepEqual(spec.vips[0]?.prefer, ['lb2', 'lb1'])
    assert.match(
      text,
      /# lb1 says state MASTER \(lb1\/keepalived\.conf:4\), but lb2 held it: priorities were lb2 120, lb1 100\.\n/,
    )
  })

  test('is said by nothing where all priorities are equal', () => {
    assert.match(
      comments('tie', '', '').text,
      /# All nodes had the priority 100, so nothing said who holds it; the order is that of the files\.\n/,
    )
  })

  test('is doubtful where both say MASTER', () => {
    const { text } = comments('both', 'state MASTER\n priority 120', 'state MASTER\n priority 100')
    assert.match(
      text,
      /# lb1 and lb2 all say state MASTER \(lb1\/keepalived\.conf:4, lb2\/keepalived\.conf:4\); priorities were lb1 120, lb2 100\.\n/,
    )
  })

  test('nodes that differ in the virtual router id or in addresses are named', () => {
    const { text, spec } = imported('differing', {
      'lb1/keepalived.conf': keepalivedWith('priority 120', '10.0.0.10/24\n  10.0.0.11'),
      'lb2/keepalived.conf': keepalivedWith('', '10.0.0.10/24\n  10.0.0.12/24').replace(
        'virtual_router_id 60',
        'virtual_router_id 61',
      ),
    })
    assert.deepEqual(spec.vips, [
      {
        name: 'vip',
        address: '10.0.0.10',
        prefixLength: 24,
        virtualRouterId: 60,
        prefer: ['lb1', 'lb2'],
        extraAddresses: [
          { address: '10.0.0.11', prefixLength: 32 },
          { address: '10.0.0.12', prefixLength: 24 },
        ],
        requireHealthyOnce: false,
      },
    ])
    assert.match(
      text,
      /# lb2 had the virtual router id 61 \(lb2\/keepalived\.conf:3\); nodes with different ones do not hear each other\.\n/,
    )
    assert.match(
      text,
      /# lb2 had other addresses \(lb2\/keepalived\.conf:1\): 10\.0\.0\.10, 10\.0\.0\.12; here are those of all nodes\.\n/,
    )
  })

  test('nopreempt becomes failing back by hand', () => {
    assert.equal(comments('nopreempt', 'nopreempt\n priority 120', 'nopreempt').spec.vrrp.failbackMs, 'manual')
    assert.equal(comments('delay', 'preempt_delay 60\n priority 120', '').spec.vrrp.failbackMs, 60_000)
  })

  test('the label and the scope of an address are not carried over, and said', () => {
    const address = '10.0.0.10/24 dev eth0 label eth0:vip scope link'
    const { lost } = imported('label', {
      'lb1/keepalived.conf': keepalivedWith('', address),
      'lb2/keepalived.conf': keepalivedWith('', address),
    })
    assert.deepEqual(lost, [
      'label eth0:vip of an address (lb1/keepalived.conf:6, lb2/keepalived.conf:6)',
      'scope link of an address (lb1/keepalived.conf:6, lb2/keepalived.conf:6)',
    ])
  })

  test('IPv6 beside IPv4 becomes an extra address', () => {
    const { spec } = imported('dual', {
      'lb1/keepalived.conf': keepalivedWith(
        'virtual_ipaddress_excluded {\n  fd00::10/64\n }\n unicast_src_ip 10.0.0.1\n unicast_peer {\n 10.0.0.2\n }',
      ),
      'lb2/keepalived.conf': keepalivedWith(
        'virtual_ipaddress_excluded {\n  fd00::10/64\n }\n unicast_peer {\n 10.0.0.1\n }',
      ),
    })
    assert.deepEqual(spec.vips[0]?.extraAddresses, [{ address: 'fd00::10', prefixLength: 64 }])
    // lb2 does not say its address, but lb1 says where its peer is.
    assert.deepEqual(
      spec.nodes.map(({ address }) => address),
      ['10.0.0.1', '10.0.0.2'],
    )
  })
})
