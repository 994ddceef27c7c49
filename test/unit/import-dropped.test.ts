import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importProject } from '../../src/import/import-directory.ts'
import { MISSING } from '../../src/import/lb-yaml-text.ts'

function imported(haproxy: string) {
  const keepalived = (own: string, other: string): string => `vrrp_instance web {
  interface eth0
  virtual_router_id 7
  unicast_src_ip ${own}
  unicast_peer {
    ${other}
  }
  virtual_ipaddress {
    10.0.0.10
  }
}
`
  const files = new Map([
    ['lb1/keepalived.conf', keepalived('10.0.0.1', '10.0.0.2')],
    ['lb2/keepalived.conf', keepalived('10.0.0.2', '10.0.0.1')],
    ['lb1/haproxy.cfg', haproxy],
    ['lb2/haproxy.cfg', haproxy],
  ])
  const result = importProject({ files, problems: [] }, 'pair', {})
  assert.ok(result.kind === 'imported')
  return result
}

const SERVERS = (...lines: readonly string[]): string => `listen web
 bind 10.0.0.10:80
${lines.map((line) => ` server ${line}\n`).join('')}`

/** The pools of an lb.yaml with what is said of them. */
function poolsOf(text: string): string {
  return /\npools:\n([\s\S]*?)\n\n/.exec(text)?.[1] ?? ''
}

test('a server with a name keeps its place in the pool, and its address is to be filled in', () => {
  const { text, toFillIn, lost, differences } = imported(
    SERVERS('w1 10.0.1.1:30080', 'w2 worker2.lan:30443 weight 2', 'w3 worker3.lan:30080'),
  )
  assert.equal(
    poolsOf(text),
    `  # w2 (lb1/haproxy.cfg:4) is at worker2.lan, and lb.yaml takes addresses; put one in.
  # w3 (lb1/haproxy.cfg:5) is at worker3.lan, and lb.yaml takes addresses; put one in.
  web: { w1: 10.0.1.1, w2: { address: "${MISSING}", port: 30443, weight: 2 }, w3: "${MISSING}" }`,
  )
  assert.deepEqual(toFillIn, [
    'pools.web.w2: lb1/haproxy.cfg:4 says worker2.lan, and lb.yaml takes addresses',
    'pools.web.w3: lb1/haproxy.cfg:5 says worker3.lan, and lb.yaml takes addresses',
  ])
  assert.deepEqual(lost, [])
  const servers = differences.find(({ what }) => what === 'servers')
  assert.equal(servers?.after, `w1 10.0.1.1:30080, w2 ${MISSING}:30443, w3 ${MISSING}:30080`)
})

test('a backend of names alone is a service all the same', () => {
  const { spec, toFillIn } = imported(SERVERS('w1 worker1.lan:30080', 'w2 worker2.lan:30080'))
  assert.deepEqual(
    spec.services.map(({ name, pool }) => [name, pool]),
    [['web', 'web']],
  )
  assert.equal(toFillIn.length, 2)
})

test('services whose servers have the same names share a pool', () => {
  const { spec } = imported(`listen web
 bind 10.0.0.10:80
 server w1 worker1.lan:30080
listen tls
 bind 10.0.0.10:443
 server w1 worker1.lan:30443
listen other
 bind 10.0.0.10:81
 server w1 worker9.lan:30081
`)
  assert.deepEqual(
    spec.services.map(({ name, pool }) => [name, pool]),
    [
      ['web', 'web'],
      ['tls', 'web'],
      ['other', 'other'],
    ],
  )
})

test('a server that lb.yaml has no words for is not carried over, and said', () => {
  const { lost, toFillIn } = imported(
    SERVERS(
      'w1 10.0.1.1:80',
      'w2 10.0.1.2:80 disabled',
      'w3 10.0.1.3:443 ssl verify none',
      'w4 /run/app.sock',
      'w5 abns@app',
    ),
  )
  assert.deepEqual(lost, [
    'server w2 (lb1/haproxy.cfg:4): it is disabled, and was left out',
    'server w3 (lb1/haproxy.cfg:5): it is spoken to by TLS, which lb-agent leaves to clients and servers; it was left out',
    'server w4 (lb1/haproxy.cfg:6): it is at /run/app.sock, which is no address; it was left out',
    'server w5 (lb1/haproxy.cfg:7): it is at abns@app, which is no address; it was left out',
  ])
  assert.deepEqual(toFillIn, [])
})

test('lines of global that the new file has not are not carried over, and said', () => {
  const { text, lost } = imported(`global
 log /dev/log local0
 log /dev/log local1 notice
 chroot /var/lib/haproxy
 stats socket /run/haproxy/admin.sock mode 660 level admin
 user haproxy
 group haproxy
 daemon
 nbthread 2
 tune.bufsize 32768
 ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
 log global
${SERVERS('w1 10.0.1.1:80')} log 10.0.0.5:514 local2
`)
  assert.deepEqual(lost, [
    'log (lb1/haproxy.cfg:2, 3, 17 and 3 more): HAProxy logs to stdout here, which systemd keeps in the journal',
    'chroot (lb1/haproxy.cfg:4, lb2/haproxy.cfg:4)',
    'nbthread (lb1/haproxy.cfg:9, lb2/haproxy.cfg:9)',
    'tune.bufsize (lb1/haproxy.cfg:10, lb2/haproxy.cfg:10)',
  ])
  assert.match(text, /\n# Not carried over:\n# {3}log \(/)
})

test('a log to stdout is what the new file has', () => {
  const { lost } = imported(`global
 log stdout format raw local0
defaults
 log global
${SERVERS('w1 10.0.1.1:80')}`)
  assert.deepEqual(lost, [])
})
