import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readHaproxyConfig } from '../../src/haproxy-config/read-haproxy-config.ts'
import { proveFiles } from '../../src/rules/prove.ts'
import { type Edit, HAPROXY, haproxyOf, pairOf } from '../support/edited-pair.ts'
import { ofRule } from '../support/told-findings.ts'

const SCRIPT = 'script "/usr/bin/curl -fsm1 http://127.0.0.1:6443/healthz"'
const ASKS = (host: string, port = 8404): Edit => [SCRIPT, `script "/usr/bin/curl -gfsm1 http://${host}:${port}/alive"`]
const SHELL = (text: string): Edit => [SCRIPT, `script "/bin/sh -c '${text}'"`]
const WEIGHT = (weight: number): Edit => ['  interval 1', `  interval 1\n  weight ${weight}`]
/** Line 9 of haproxy.cfg. */
const BINDS = (bind: string): Edit => ['frontend kube', `frontend alive\n  bind ${bind}\nfrontend kube`]
const AT_THE_VIP = BINDS('10.0.0.10:8404')
const CHECK_APISERVER = new Map([
  [
    '/etc/keepalived/check_apiserver.sh',
    '#!/bin/sh\n\nerrorExit() {\n  echo "*** $*" 1>&2\n  exit 1\n}\n\ncurl -sfk --max-time 2 https://localhost:6443/healthz -o /dev/null || errorExit "Error GET https://localhost:6443/healthz"\n',
  ],
])

function proofWith(
  haproxy: readonly Edit[],
  both: readonly Edit[],
  scripts?: ReadonlyMap<string, string>,
): ReturnType<typeof proveFiles> {
  return proveFiles(pairOf({ both }, scripts), [haproxyOf(haproxy)])
}

function foundWith(...given: Parameters<typeof proofWith>): string[] {
  return ofRule(proofWith(...given).findings, 'SCRIPT-PORT')
}

function holdersWith(...given: Parameters<typeof proofWith>): { healthy: readonly string[]; dead: readonly string[] } {
  const [vip] = proofWith(...given).table
  const dead = vip?.rows.find(({ faults }) => faults[0]?.kind === 'haproxy-dead' && faults[0].node === 'lb1')
  return { healthy: vip?.healthy.holders ?? [], dead: dead?.outcome.holders ?? [] }
}

describe('a check that asks where HAProxy does not listen', () => {
  test('is an error with weight 0: it fails on all nodes, and none of them has the VIP', () => {
    assert.deepEqual(foundWith([AT_THE_VIP], [ASKS('127.0.0.1')]), [
      'error SCRIPT-PORT serves asks 127.0.0.1:8404; HAProxy listens there at 10.0.0.10 only: the check always fails (lb1.conf:24, haproxy.cfg:9, lb2.conf:24) → bind 127.0.0.1:8404 as well in haproxy.cfg',
    ])
    assert.deepEqual(holdersWith([AT_THE_VIP], [ASKS('127.0.0.1')]), { healthy: [], dead: [] })
  })

  test('is a warning with another weight: all nodes have it off, so that a dead HAProxy moves nothing', () => {
    for (const weight of [-20, 20]) {
      assert.deepEqual(foundWith([AT_THE_VIP], [WEIGHT(weight), ASKS('127.0.0.1')]), [
        'warning SCRIPT-PORT serves asks 127.0.0.1:8404; HAProxy listens there at 10.0.0.10 only: the check always fails (lb1.conf:25, haproxy.cfg:9, lb2.conf:25) → bind 127.0.0.1:8404 as well in haproxy.cfg',
      ])
      assert.deepEqual(holdersWith([AT_THE_VIP], [WEIGHT(weight), ASKS('127.0.0.1')]), {
        healthy: ['lb1'],
        dead: ['lb1'],
      })
    }
  })

  test('takes off the weight on the nodes alone whose haproxy.cfg is so', () => {
    const nodes = pairOf({ both: [WEIGHT(-20), ASKS('127.0.0.1')] })
    const { table, findings } = proveFiles(nodes, [haproxyOf([AT_THE_VIP]), haproxyOf([BINDS('127.0.0.1:8404')])])
    assert.deepEqual(table[0]?.healthy.holders, ['lb2'])
    assert.deepEqual(ofRule(findings, 'SCRIPT-PORT'), [
      'warning SCRIPT-PORT serves asks 127.0.0.1:8404; HAProxy listens there at 10.0.0.10 only: the check always fails (lb1.conf:25, haproxy.cfg:9) → bind 127.0.0.1:8404 as well in haproxy.cfg',
    ])
  })

  test('ends keepalived on all nodes where that is what it does', () => {
    const both = [WEIGHT(-20), SHELL('curl -fm1 http://127.0.0.1:8404/alive || systemctl stop keepalived')]
    assert.deepEqual(holdersWith([AT_THE_VIP], both), { healthy: [], dead: [] })
  })

  test('of the API may be answered by the API server of the node, so the table is as before', () => {
    const both: Edit[] = [[SCRIPT, 'script "/etc/keepalived/check_apiserver.sh"']]
    const haproxy: Edit[] = [['bind *:6443', 'bind 10.0.0.10:6443']]
    assert.deepEqual(foundWith(haproxy, both, CHECK_APISERVER), [
      'warning SCRIPT-PORT serves asks localhost:6443; HAProxy listens there at 10.0.0.10 only: the check always fails, unless another program answers there, such as an API server of the node; the table takes it to look at HAProxy (lb1.conf:24, haproxy.cfg:9, lb2.conf:24) → bind 127.0.0.1:6443 as well in haproxy.cfg',
    ])
    assert.deepEqual(holdersWith(haproxy, both, CHECK_APISERVER), { healthy: ['lb1'], dead: ['lb2'] })
  })

  test('may be answered by a server of haproxy.cfg that is on this node', () => {
    const server = (address: string): Edit => ['server m1 10.0.0.21:6443', `server m1 ${address}:8404`]
    for (const [address, outcome] of [
      ['10.0.0.11', 'another program'],
      ['127.0.0.1', 'another program'],
      ['10.0.0.21', 'the check always fails ('],
    ] as const) {
      const [said = ''] = foundWith([AT_THE_VIP, server(address)], [ASKS('127.0.0.1')]).toReversed()
      assert.ok(said.includes(outcome), `${address}: ${said}`)
    }
  })

  test('and fails on the holder alone, or else in a way that was not understood, leaves the table as before', () => {
    const both = [SHELL('ip addr | grep -qw 10.0.0.10 || exit 0; curl -fm1 http://127.0.0.1:8404/alive')]
    assert.deepEqual(foundWith([AT_THE_VIP], both), [
      'warning SCRIPT-PORT serves asks 127.0.0.1:8404; HAProxy listens there at 10.0.0.10 only: that question always fails, and when the check then does was not understood; the table takes it to look at HAProxy (lb1.conf:24, haproxy.cfg:9, lb2.conf:24) → bind 127.0.0.1:8404 as well in haproxy.cfg',
    ])
    assert.deepEqual(holdersWith([AT_THE_VIP], both), { healthy: ['lb1'], dead: ['lb2'] })
  })

  for (const [bind, host] of [
    ['127.0.0.1:8404', '127.0.0.2'],
    ['127.0.0.1:8404', '[::1]'],
    ['*:8404', '[::1]'],
    ['[::]:8404 v6only', '127.0.0.1'],
    ['10.0.0.10:8400-8410', 'localhost'],
    ['10.0.0.10:8404,10.0.0.99:8404', '127.0.0.1'],
  ] as const)
    test(`always fails where bind ${bind} is asked at ${host}`, () => {
      const [said = ''] = foundWith([BINDS(bind)], [ASKS(host)])
      assert.match(said, /^error SCRIPT-PORT .*: the check always fails \(/)
    })

  for (const [bind, host] of [
    ['*:8404', '127.0.0.1'],
    ['0.0.0.0:8404', 'localhost'],
    [':8404', '127.0.0.2'],
    [':::8404', '127.0.0.1'],
    ['[::]:8404 v4v6', '[::1]'],
    ['[::]:8404 v6only', 'localhost'],
    ['127.0.0.1:8400-8410', '127.0.0.1'],
    ['10.0.0.10:8404,127.0.0.1:8404', '127.0.0.1'],
    ['10.0.0.10:8404\n  bind 127.0.0.1:8404', 'localhost'],
    ['[::1]:8404', 'localhost'],
    ['localhost:8404', '127.0.0.1'],
    ['lb.example.net:8404', '127.0.0.1'],
    ['"$' + '{ALIVE}:8404"', '127.0.0.1'],
    ['127.0.0.1:"$' + '{PORT}"', '127.0.0.1'],
  ] as const)
    test(`may be answered where bind ${JSON.stringify(bind)} is asked at ${host}`, () => {
      assert.deepEqual(foundWith([BINDS(bind)], [ASKS(host)]), [])
    })

  test('is right where it asks the stats socket on a port, or one of two places at which HAProxy listens', () => {
    const socket: Edit = ['stats socket /run/haproxy/admin.sock mode 660', 'stats socket ipv4@127.0.0.1:9999']
    assert.deepEqual(foundWith([socket], [[SCRIPT, 'script "/bin/nc -z 127.0.0.1 9999"']]), [])
    const either = SHELL('curl -fm1 http://127.0.0.1:8404/alive || curl -fm1 http://127.0.0.1:6443/healthz')
    assert.deepEqual(foundWith([AT_THE_VIP], [either]), [])
  })

  test('is not told of files of which it is not known whose they are', () => {
    const haproxy = [1, 2, 3].map((at) => readHaproxyConfig(`${at}.cfg`, HAPROXY.replace('*:6443', '10.0.0.10:6443')))
    assert.deepEqual(ofRule(proveFiles(pairOf({}), haproxy).findings, 'SCRIPT-PORT'), [])
  })
})
