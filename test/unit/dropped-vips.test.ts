import assert from 'node:assert/strict'
import { test } from 'node:test'
import { droppedVips } from '../../src/apply/dropped-vips.ts'
import { planSteps } from '../../src/apply/plan-steps.ts'
import { digestsOf, foreignRelease, type Release, releaseId } from '../../src/apply/release.ts'
import { type Written, writtenKeepalived } from '../support/written-keepalived.ts'

function release(written: Written): Release {
  const files = { haproxy: '', keepalived: writtenKeepalived(written) }
  const digests = digestsOf(files)
  return {
    ...{ id: releaseId('a'.repeat(40), digests), revision: 'a'.repeat(40), digests, files },
    ...{ expectation: foreignRelease(files).expectation, renderedBy: '0.0.0', node: 'one', foreign: false },
  }
}

const VRID = [{ vip: 'v', apart: true, why: 'its virtual router id changes from 7 to 8' }]

test('another virtual router id drops the VIP, and nodes of both releases do not hear each other', () => {
  assert.deepEqual(droppedVips(release({}), release({ id: 8 })), VRID)
})

test('another source drops it as well, and the nodes hear each other', () => {
  assert.deepEqual(droppedVips(release({}), release({ source: '10.9.0.3' })), [
    { vip: 'v', apart: false, why: 'its adverts come from 10.9.0.3 instead of 10.9.0.1' },
  ])
})

test('who goes on with a VIP that this node lacks may not hear it any more', () => {
  assert.deepEqual(droppedVips(release({}), release({ name: 'w', id: 8, addresses: ['10.9.0.105/32'] })), [
    { vip: 'v', apart: true, why: 'the new file does not have it' },
  ])
})

test('a VIP goes by its old name, to which its score belongs', () => {
  assert.deepEqual(
    droppedVips(release({}), release({ name: 'w', id: 8 })).map(({ vip }) => vip),
    ['v'],
  )
})

test('what stays, or is away for a millisecond, is not given away', () => {
  assert.deepEqual(droppedVips(release({}), release({ priority: 100 })), [])
  assert.deepEqual(droppedVips(release({}), release({ addresses: ['10.9.0.100/24'] })), [])
})

test('of hand-written files nothing can be given away, and before the first release there is nothing', () => {
  const { files } = release({})
  assert.deepEqual(droppedVips(foreignRelease(files), release({ id: 8 })), [])
  assert.deepEqual(droppedVips(undefined, release({ id: 8 })), [])
})

test('what keepalived would drop is given away after HAProxy is confirmed, right before keepalived is told', () => {
  const [from, to] = [release({}), { ...release({ id: 8 }) }]
  const changed = { ...to, digests: { ...to.digests, haproxy: 'another' } }
  assert.deepEqual(
    planSteps(from, changed, VRID).map((step) => ('daemon' in step ? `${step.kind} ${step.daemon}` : step.kind)),
    [
      'activate',
      'reload haproxy',
      'confirm haproxy',
      'drain first',
      'reload keepalived',
      'confirm keepalived',
      'watch',
    ],
  )
})
