import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readHaproxyConfig } from '../../src/haproxy-config/read-haproxy-config.ts'

function read(text: string) {
  return readHaproxyConfig('haproxy.cfg', text)
}

function proxy(text: string, name = 'a') {
  const found = read(text).proxies.find((one) => one.name === name)
  assert.ok(found)
  return found
}

describe('proxies', () => {
  test('a bind line may have several addresses, ports and parameters', () => {
    const binds = proxy(`listen a
 bind 10.0.0.1:443,:8443 ssl crt /etc/x.pem alpn h2,http/1.1 transparent
 bind [fd00::1]:80-82 interface eth0
 bind :::6443 v4v6
 bind /run/a.sock mode 660
`).binds
    assert.deepEqual(
      binds.map(({ address, family, path, port, lastPort, transparent, ssl, interface: device }) => [
        ...[address, family, path, port, lastPort, transparent, ssl, device],
      ]),
      [
        ['10.0.0.1', 4, undefined, 443, 443, true, true, undefined],
        [undefined, 4, undefined, 8443, 8443, true, true, undefined],
        ['fd00::1', 6, undefined, 80, 82, false, false, 'eth0'],
        [undefined, 6, undefined, 6443, 6443, false, false, undefined],
        [undefined, 4, '/run/a.sock', undefined, undefined, false, false, undefined],
      ],
    )
  })

  test('a server has what default-server says unless it says otherwise', () => {
    const { servers } = proxy(`backend a
 default-server check inter 3s fall 5 weight 10 send-proxy-v2
 server one 10.0.0.21:6443 rise 1 cookie check
 server two [fd00::22]:6443 no-check backup no-send-proxy-v2 weight 20
 server three web.example.org disabled
`)
    assert.deepEqual(
      servers.map(({ name, address, port, check, weight, backup, disabled, sendProxy }) => [
        ...[
          name,
          address,
          port,
          check?.intervalMs,
          check?.rise,
          check?.fall,
          check?.written,
          weight,
          backup,
          disabled,
          sendProxy,
        ],
      ]),
      [
        ['one', '10.0.0.21', 6443, 3000, 1, 5, ['inter', 'rise', 'fall'], 10, false, false, 'v2'],
        ['two', 'fd00::22', 6443, undefined, undefined, undefined, undefined, 20, true, false, 'none'],
        ['three', 'web.example.org', undefined, 3000, 2, 5, ['inter', 'fall'], 10, false, true, 'v2'],
      ],
    )
  })

  test('a check by HTTP is read in both spellings', () => {
    const at = (line: number) => ({ file: 'haproxy.cfg', line, col: 2 })
    const old = proxy(
      'backend a\n option httpchk GET /healthz HTTP/1.1\\r\\nHost:\\ www\n http-check expect status 200\n',
    ).check
    assert.deepEqual(old, {
      kind: 'http',
      at: at(2),
      method: 'GET',
      path: '/healthz',
      version: 'HTTP/1.1',
      host: 'www',
      expect: { negated: false, match: 'status', pattern: '200', at: at(3) },
      ssl: false,
    })
    const current = proxy(`backend a
 option httpchk
 http-check connect ssl
 http-check send meth HEAD uri /ready ver HTTP/1.1 hdr Host api.lan
 http-check expect min-recv 1 ! rstatus ^5
`).check
    assert.deepEqual(current, {
      kind: 'http',
      at: at(2),
      method: 'HEAD',
      path: '/ready',
      version: 'HTTP/1.1',
      host: 'api.lan',
      expect: { negated: true, match: 'rstatus', pattern: '^5', at: at(5) },
      ssl: true,
    })
  })

  test('other checks are told apart', () => {
    const kind = (lines: string) => proxy(`backend a\n${lines}`).check.kind
    assert.equal(kind(' server x 1.1.1.1:1 check\n'), 'connect')
    assert.equal(kind(' option tcp-check\n tcp-check connect port 6443\n'), 'connect')
    assert.equal(kind(' option tcp-check\n tcp-check expect string +PONG\n'), 'tcp-rules')
    assert.equal(kind(' option ssl-hello-chk\n'), 'ssl-hello')
    assert.equal(kind(' option mysql-check user x\n'), 'other')
    assert.equal(kind(' option httpchk\n no option httpchk\n'), 'connect')
    assert.equal(kind(' option httpchk\n option tcp-check\n'), 'connect')
  })

  test('statistics are found with their users, never with a password', () => {
    const { stats } = proxy(`defaults
 mode http
listen a
 bind *:8404
 stats enable
 stats uri /stats
 stats auth admin:secret
 stats admin if TRUE
`)
    assert.deepEqual(stats, {
      uri: '/stats',
      users: [{ name: 'admin', at: { file: 'haproxy.cfg', line: 7, col: 2 } }],
      admin: { file: 'haproxy.cfg', line: 8, col: 2 },
      at: { file: 'haproxy.cfg', line: 5, col: 2 },
    })
  })

  test('what leads to a backend, balance and options are read', () => {
    const a = proxy(`frontend a
 option httplog
 option forwardfor except 127.0.0.0/8
 no option httplog
 balance uri whole
 use_backend b if { path /b }
 default_backend c
 maxconn 50
`)
    assert.deepEqual(a.balance?.value, { algorithm: 'uri', arguments: ['whole'] })
    assert.deepEqual(
      a.useBackends.map(({ name, condition }) => [name, condition]),
      [['b', ['if', '{', 'path', '/b', '}']]],
    )
    assert.equal(a.defaultBackend?.value, 'c')
    assert.equal(a.maxConnections?.value, 50)
    assert.deepEqual([...a.options.keys()], ['forwardfor'])
  })

  test('sockets for commands are read', () => {
    const { global } = read(`global
 maxconn 4096
 stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
 stats socket ipv4@127.0.0.1:9999
`)
    assert.deepEqual(global, {
      maxConnections: 4096,
      statsSockets: [
        {
          path: '/run/haproxy/admin.sock',
          address: undefined,
          port: undefined,
          level: 'admin',
          at: { file: 'haproxy.cfg', line: 3, col: 15 },
        },
        {
          path: undefined,
          address: '127.0.0.1',
          port: 9999,
          level: 'operator',
          at: { file: 'haproxy.cfg', line: 4, col: 15 },
        },
      ],
    })
  })
})
