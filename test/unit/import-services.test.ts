import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { HAPROXY, keepalivedWith } from '../support/import-fixtures.ts'
import { type Files, oldDirectories } from '../support/old-directories.ts'

const { imported, remove } = oldDirectories()
after(remove)

describe('services', () => {
  const pair = (haproxy: string): Files => ({ 'lb1/keepalived.conf': keepalivedWith(''), 'lb1/haproxy.cfg': haproxy })

  test('one that says what the profile says needs no more words', () => {
    assert.match(
      imported('plain', pair(HAPROXY)).text,
      /\n {2}web: \{ vip: web, port: 80, pool: web, profile: tcp \}\n/,
    )
  })

  test('a bind that is no VIP, a range, TLS and a page of statistics are left out, and said', () => {
    const { text, spec } = imported(
      'left-out',
      pair(`${HAPROXY}listen a
 bind 10.0.0.99:81
 server s 10.0.1.1:81
listen b
 bind 10.0.0.10:1000-1010
 server s 10.0.1.1:81
listen c
 bind 10.0.0.10:443 ssl crt /x.pem
 server s 10.0.1.1:81
listen d
 bind 127.0.0.1:82
 server s 10.0.1.1:81
frontend e
 bind 10.0.0.10:83
 use_backend f if TRUE
frontend g
 bind 10.0.0.10:84
listen stats
 bind *:8404
 mode http
 stats uri /
 stats auth admin:secret-of-stats
listen h
 bind 10.0.0.10:85
 server s 10.0.1.1:81 ssl verify none
peers them
 peer lb1 10.0.0.1:1024
`),
    )
    assert.deepEqual(
      spec.services.map(({ name }) => name),
      ['web'],
    )
    const lost = text
      .replaceAll(/\n# +(?=\S)/g, '\n# ')
      .split('\n')
      .filter((line) => /haproxy\.cfg/.test(line) && !line.includes('Made by'))
    assert.deepEqual(lost, [
      '# statistics page (lb1/haproxy.cfg:30): lb-agent has a status page, and metrics for Prometheus, on port 9853',
      '# listen b, 10.0.0.10:1000 (lb1/haproxy.cfg:14): it is a range of ports; a service has one',
      '# listen c, 10.0.0.10:443 (lb1/haproxy.cfg:17): it ends TLS, which the servers do behind lb-agent; a template of your',
      '# listen d, 127.0.0.1:82 (lb1/haproxy.cfg:20): it is for the node alone; services are on VIPs',
      '# frontend e, 10.0.0.10:83 (lb1/haproxy.cfg:23): it chooses among backends by conditions, and has no default_backend',
      '# frontend g, 10.0.0.10:84 (lb1/haproxy.cfg:26): it leads to no backend with servers',
      '# listen a, 10.0.0.99:81 (lb1/haproxy.cfg:11): its address is no VIP of keepalived.conf',
      '# listen h, 10.0.0.10:85 (lb1/haproxy.cfg:32): none of its servers could be carried over',
      '# section peers (lb1/haproxy.cfg:35)',
    ])
    assert.doesNotMatch(text, /secret/)
  })

  test('nodes that differ in a service are named', () => {
    const { text } = imported('differ', {
      ...pair(HAPROXY),
      'lb2/keepalived.conf': keepalivedWith('priority 90'),
      'lb2/haproxy.cfg': HAPROXY.replace('10.0.1.1:80', '10.0.1.2:80'),
    })
    assert.match(
      text,
      /# lb2 had it otherwise \(lb2\/haproxy\.cfg:7\); here as lb1\/haproxy\.cfg:7 has it\.\n {2}web: /,
    )
  })

  test('a bind to every address goes to the VIP that it is for', () => {
    const { spec, text } = imported('every', {
      'lb1/keepalived.conf': `${keepalivedWith('').replace('VI_1', 'VI_INGRESS')}${keepalivedWith('', '10.0.0.20').replace('VI_1', 'VI_API').replace('id 60', 'id 61')}`,
      'lb1/haproxy.cfg': `${HAPROXY}listen k8s\n bind *:6443\n server m1 10.0.2.1:6443 check\n`,
    })
    assert.deepEqual(
      spec.services.map(({ name, vip, profile }) => [name, vip, profile]),
      [
        ['web', 'ingress', 'tcp'],
        ['k8s', 'api', 'kubernetes-api'],
      ],
    )
    assert.match(
      text.replaceAll(/\n +# /g, ' '),
      /It was bound to \*:6443 \(lb1\/haproxy\.cfg:11\), so every VIP had it, and the nodes' own addresses; here it is on api alone\./,
    )
  })

  test('checks, weights, ports and the PROXY protocol are carried over', () => {
    const { spec } = imported(
      'details',
      pair(`listen web
 bind 10.0.0.10:443
 mode http
 balance source
 option httpchk GET /health HTTP/1.1\\r\\nHost:\\ web.lan
 http-check expect status 200,204
 default-server check inter 5s fall 4 rise 3 send-proxy-v2
 server a 10.0.1.1:8443 weight 10
 server b 10.0.1.2:9443 weight 20 backup
`),
    )
    const [service] = spec.services
    assert.deepEqual(
      [service?.profile, service?.serverPort, service?.balance, service?.sendProxy, service?.check],
      [
        ...['http', 8443, 'source', 'v2'],
        { kind: 'http', path: '/health', host: 'web.lan', expect: [200, 204], intervalMs: 5000, rise: 3, fall: 4 },
      ],
    )
    assert.deepEqual(spec.pools[0]?.servers, [
      { name: 'a', address: '10.0.1.1', port: undefined, weight: 10, backup: false },
      { name: 'b', address: '10.0.1.2', port: 9443, weight: 20, backup: true },
    ])
  })
})
