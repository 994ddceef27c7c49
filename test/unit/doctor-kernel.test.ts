import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hidepidVerdict,
  nonlocalBindVerdict,
  rpFilterVerdict,
  selinuxVerdict,
} from '../../src/doctor/verdicts/kernel.ts'
import { withSetting } from '../../src/doctor/verdicts/mend.ts'
import { line, mend } from '../support/verdict-line.ts'

test('ip_nonlocal_bind matters for the families that lb.yaml uses', () => {
  assert.equal(
    line(nonlocalBindVerdict('ipv6', '0', false)),
    'ok: net.ipv6.ip_nonlocal_bind is not needed: lb.yaml has no IPv6 VIP.',
  )
  assert.equal(
    line(nonlocalBindVerdict('ipv6', '0', true)),
    "problem: net.ipv6.ip_nonlocal_bind is 0: HAProxy cannot listen on a VIP that another node holds, and fails when it is started there. → echo 'net.ipv6.ip_nonlocal_bind = 1' >> /etc/sysctl.d/61-lb-agent.conf && sysctl -p /etc/sysctl.d/61-lb-agent.conf",
  )
})

test('a sysctl is mended by its key, now and in a file of our own', () => {
  assert.deepEqual(mend(nonlocalBindVerdict('ipv4', '0', true)), [
    'set net.ipv4.ip_nonlocal_bind = 1, now and in /etc/sysctl.d/61-lb-agent.conf',
  ])
  assert.deepEqual(mend(nonlocalBindVerdict('ipv6', undefined, true)), [])
  const ways = [{ node: 'two', device: 'eth1' }]
  assert.deepEqual(mend(rpFilterVerdict({ interface: 'eth0.7', value: 1 }, ways)), [
    'set net/ipv4/conf/eth0.7/rp_filter = 2, now and in /etc/sysctl.d/61-lb-agent.conf',
  ])
  assert.equal(withSetting('', 'net/ipv4/a', '1'), 'net.ipv4.a = 1\n')
  assert.equal(withSetting('# mine\nx = 2', 'net/ipv4/a', '1'), '# mine\nx = 2\nnet.ipv4.a = 1\n')
  assert.equal(withSetting('-net.ipv4.a=0\nx = 2\n', 'net/ipv4/a', '1'), 'net.ipv4.a = 1\nx = 2\n')
})

test('SELinux is a problem where its policy is known to keep HAProxy from ports', () => {
  assert.equal(
    line(selinuxVerdict({ enforcing: undefined, connectsAny: undefined })),
    'ok: The kernel runs without SELinux.',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: false, connectsAny: false })),
    'ok: SELinux is permissive: it forbids nothing.',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: true, connectsAny: false })),
    'problem: SELinux is enforcing, and its boolean haproxy_connect_any is off: HAProxy may neither bind nor reach ports that its policy does not name, such as 6443. → setsebool -P haproxy_connect_any 1; what is denied: ausearch -m avc -ts today -c haproxy -c keepalived',
  )
  assert.equal(
    line(selinuxVerdict({ enforcing: true, connectsAny: true })),
    'cannot tell: SELinux is enforcing. HAProxy may use all ports (haproxy_connect_any); whether keepalived may run lb-agent check is not known. → ausearch -m avc -ts today -c haproxy -c keepalived; nothing there since the last release: well',
  )
  assert.match(
    line(selinuxVerdict({ enforcing: true, connectsAny: undefined })),
    /^cannot tell: SELinux is enforcing, with a policy that has no boolean haproxy_connect_any: what it denies/,
  )
})

test('a /proc that hides the daemons from the agent is a problem', () => {
  assert.deepEqual(
    [true, false, undefined].map((sees) => line(hidepidVerdict('lb-agent', sees))),
    [
      'ok: lb-agent sees the processes of others in /proc.',
      'problem: /proc hides the processes of others from lb-agent (hidepid): the agent cannot see whether keepalived runs or hangs, nor that HAProxy has been started again. → mount -o remount,hidepid=0 /proc, and the same in /etc/fstab',
      'cannot tell: Whether lb-agent sees the processes of others in /proc was not asked. → run lb-agent doctor as root',
    ],
  )
})

test('a strict rp_filter is a problem where the way back is another', () => {
  const strict = { interface: 'eth0', value: 1 }
  assert.equal(
    line(rpFilterVerdict(strict, [{ node: 'two', device: 'eth1' }])),
    "problem: rp_filter is strict (1) on eth0, and the way to two leaves through eth1: the kernel drops its adverts. → echo 'net.ipv4.conf.eth0.rp_filter = 2' >> /etc/sysctl.d/61-lb-agent.conf && sysctl -p /etc/sysctl.d/61-lb-agent.conf",
  )
  assert.equal(rpFilterVerdict(strict, [{ node: 'two', device: 'eth0' }]).kind, 'ok')
  assert.equal(rpFilterVerdict(strict, [{ node: 'two', device: undefined }]).kind, 'cannot tell')
  assert.equal(rpFilterVerdict({ interface: 'eth0', value: 2 }, [{ node: 'two', device: 'eth1' }]).kind, 'ok')
})
