import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenersOf, portVerdict, programName } from '../../src/doctor/verdicts/ports.ts'
import { line } from '../support/verdict-line.ts'

test('a port is free, HAProxy’s, or taken by somebody else, also by a wildcard', () => {
  const listeners = listenersOf(
    [
      'LISTEN 0 4096 *:6443 *:* users:(("k3s-server",pid=7,fd=9))',
      'LISTEN 0 4096 10.0.0.9:80 0.0.0.0:* users:(("haproxy",pid=8,fd=9),("haproxy",pid=9,fd=9))',
      'LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*',
      'LISTEN 0 4096 [::]:443 [::]:* users:(("nginx",pid=3,fd=9))',
      'LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:*',
    ].join('\n'),
  )
  const at = (port: number, address = '10.0.0.9') =>
    line(portVerdict({ what: 'service s', address, port }, listeners, 'haproxy'))
  assert.equal(
    at(6443),
    "problem: k3s-server listens on *:6443; HAProxy needs 10.0.0.9:6443 for service s. → let k3s-server listen on the node's own address only (K3s: --bind-address), or give the service another port in lb.yaml",
  )
  assert.equal(at(80), 'ok: HAProxy listens on 10.0.0.9:80, for service s.')
  assert.equal(at(53, '127.0.0.1'), 'ok: 127.0.0.1:53, for service s, is free.')
  assert.equal(at(443), 'ok: 10.0.0.9:443, for service s, is free.')
  assert.match(
    at(443, 'fd00::9'),
    /^problem: nginx listens on \[::\]:443; HAProxy needs \[fd00::9\]:443 for service s\./,
  )
  assert.match(at(8443), /^cannot tell: Somebody listens on 10\.0\.0\.9:8443, for service s;/)
})

test('a program that listens is called as people call it', () => {
  const [listener] = listenersOf('LISTEN 0 511 *:6443 *:* users:(("MainThread",pid=7,fd=21))')
  assert.deepEqual(listener, { address: '*', port: 6443, process: 'MainThread', pid: 7 })
  assert.equal(
    programName('MainThread', '/usr/bin/node', ['node', '--inspect', '/srv/shop/server.js']),
    'node server.js',
  )
  assert.equal(programName('MainThread', '/usr/bin/node', ['node', '-e', 'listen("token")']), 'node')
  assert.equal(
    programName('java', '/usr/bin/java', ['java', '-Xmx1g', '-jar', '/srv/a.jar', '--key', 'x.y']),
    'java a.jar',
  )
  assert.equal(programName('MainThread', '/opt/app (deleted)', ['/opt/app']), 'app')
  assert.equal(programName('node', '/usr/bin/node', ['node']), 'node')
  assert.equal(programName('kube-apiserver-', '/usr/local/bin/kube-apiserver-1.33', []), 'kube-apiserver-1.33')
  assert.equal(
    programName('k3s-server', '/var/lib/rancher/k3s/data/x/bin/k3s', ['/usr/local/bin/k3s', 'server']),
    'k3s-server',
  )
  assert.equal(programName('httpd', '/bin/busybox', ['httpd']), 'httpd')
  assert.equal(programName('MainThread', undefined, []), 'MainThread')
})
