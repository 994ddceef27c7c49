import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepVipsStep } from '../../src/install/keep-vips.ts'

const file = '/usr/lib/systemd/network/zz-default.network'

test('install has networkd keep the VIPs, and says that it counts from its next start on', () => {
  const step = keepVipsStep('eth0', { kind: 'manages', file, keeps: undefined, rootType: 'ext4' })
  assert.equal(
    step?.what,
    'have systemd-networkd keep the VIPs on eth0 (/etc/systemd/network/zz-default.network.d/60-lb-agent.conf), from its next start on',
  )
  assert.equal(step?.shows, '[Network]\nKeepConfiguration=static')
})

test('install leaves networkd alone where it takes nothing away', () => {
  assert.equal(keepVipsStep('eth0', { kind: 'manages', file, keeps: 'yes', rootType: 'ext4' }), undefined)
  assert.equal(keepVipsStep('eth0', { kind: 'unmanaged' }), undefined)
  assert.equal(keepVipsStep('eth0', { kind: 'absent' }), undefined)
  assert.equal(keepVipsStep('eth0', { kind: 'unreadable', reason: 'EACCES' }), undefined)
})
