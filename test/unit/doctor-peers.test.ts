import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clockVerdict, peerVerdict } from '../../src/doctor/verdicts/peers.ts'
import { line } from '../support/verdict-line.ts'

test('other nodes: silent ones, and clocks out of step by more than the question took', () => {
  const peer = { name: 'two', address: '10.0.0.2' }
  assert.match(
    line(peerVerdict(peer, { kind: 'silent', reason: 'nobody listens on port 9853' }, 9853)),
    /^problem: The agent of two does not answer at 10\.0\.0\.2:9853: nobody listens on port 9853\. → there: systemctl status/,
  )
  assert.equal(
    line(clockVerdict('two', { kind: 'answers', aheadMs: -90_000, withinMs: 3 })),
    'problem: The clock of two is 90.0 s behind that of this node. → on both: timedatectl; timedatectl set-ntp true (or chronyc tracking) tells and mends which one is wrong',
  )
  assert.equal(clockVerdict('two', { kind: 'answers', aheadMs: 1_400, withinMs: 500 }).kind, 'ok')
  assert.equal(clockVerdict('two', { kind: 'silent', reason: 'x' }).kind, 'cannot tell')
})
