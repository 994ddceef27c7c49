import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { askedHere, askedWithoutLooking, type ExitStatus, exitStatusOf, shellOf } from '../../src/proof/script-text.ts'

const VIPS = ['10.0.0.10', 'fd00::10']

const ASKED: readonly [text: string, address: string | undefined][] = [
  ['/usr/bin/curl -fk https://10.0.0.10:6443/readyz', '10.0.0.10'],
  ['/usr/bin/curl -fk https://[fd00::10]:6443/readyz', 'fd00::10'],
  ['/bin/ping -c 1 10.0.0.10', '10.0.0.10'],
  ["/bin/bash -c '</dev/tcp/10.0.0.10/443'", '10.0.0.10'],
  ['#!/bin/sh\nVIP="10.0.0.10"\nnc -z $VIP 6443\n', '10.0.0.10'],
  ['#!/bin/sh\ncurl -fk \\\n  https://10.0.0.10:6443/readyz\n', '10.0.0.10'],
  [
    '#!/usr/bin/python3\nimport requests\nrequests.get("https://10.0.0.10:6443/readyz").raise_for_status()\n',
    '10.0.0.10',
  ],
  ['/usr/bin/curl -fk https://10.0.0.100:6443/readyz', undefined],
  ['/usr/bin/curl -fk -H "Host: 10.0.0.10" https://127.0.0.1:6443/readyz', undefined],
  ["/bin/sh -c 'ss -ltn | grep 10.0.0.10:80'", undefined],
  ['#!/bin/sh\n# curl https://10.0.0.10\ncurl https://127.0.0.1\n', undefined],
  ['#!/bin/sh\nVIP=10.0.0.10\nif ip addr | grep -q $VIP; then curl -fk https://$VIP:6443/readyz; fi\n', undefined],
  [
    '#!/bin/sh\nip -4 -o addr show | grep -q "10\\.0\\.0\\.10/" || exit 0\ncurl -fk https://10.0.0.10:6443/\n',
    undefined,
  ],
]

describe('the address of the instance', () => {
  for (const [text, address] of ASKED)
    test(`is ${address === undefined ? 'not ' : ''}asked without a look by ${JSON.stringify(text)}`, () => {
      const said = text.startsWith('#!')
        ? shellOf('/etc/keepalived/check.sh', text)
        : (shellOf(text, undefined) ?? text)
      assert.equal(askedWithoutLooking(said ?? '', VIPS), address)
    })
})

const STATUS: readonly [shell: string, status: ExitStatus][] = [
  ['pidof haproxy || true', 'always well'],
  ['pidof haproxy || exit 0', 'always well'],
  ['pidof haproxy; exit 0', 'always well'],
  ['#!/bin/sh\nif ! pidof haproxy; then\n  systemctl restart haproxy\nfi\nexit 0\n', 'always well'],
  ['pidof haproxy && exit 0', 'as seen'],
  ['pidof haproxy', 'as seen'],
  ['[[ -f /etc/keepalived/down ]] && exit 1 || exit 0', 'as seen'],
  ['set -e\npidof haproxy\nexit 0', 'as seen'],
  ['pgrep haproxy || systemctl restart haproxy', 'of a restart'],
  ['pgrep haproxy || service haproxy restart', 'of a restart'],
  ['if ! pidof haproxy; then\n  systemctl start haproxy.service\nfi', 'of a restart'],
  ['pgrep haproxy || systemctl restart haproxy\nsleep 2\npgrep haproxy', 'as seen'],
]

describe('the exit status', () => {
  for (const [shell, status] of STATUS)
    test(`of ${JSON.stringify(shell)} is ${status}`, () => assert.equal(exitStatusOf(shell), status))
})

test('questions are those to this node and to the addresses, at the port of their scheme where none is written', () => {
  const text = `curl http://localhost:8404/x; nc -z 127.0.0.1 80; curl https://10.0.0.10:6443/; curl http://example.com:99/
openssl s_client -connect [::1]:443; </dev/tcp/127.0.0.1/90; curl http://127.0.0.1/x; curl -fk https://localhost`
  assert.deepEqual(
    askedHere(text, VIPS).map(({ host, port }) => `${host} ${port}`),
    [...['localhost 8404', '10.0.0.10 6443', '127.0.0.1 80', 'localhost 443'], ...['127.0.0.1 90', '::1 443']],
  )
})
