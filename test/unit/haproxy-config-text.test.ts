import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readHaproxyConfig } from '../../src/haproxy-config/read-haproxy-config.ts'
import { formatProblem } from '../../src/spec/problem.ts'

function read(text: string) {
  return readHaproxyConfig('haproxy.cfg', text)
}

function problemsOf(text: string): string[] {
  return read(text).problems.map(formatProblem)
}

describe('words', () => {
  const words = (line: string) => read(`global\n${line}\n`).sections[0]?.lines[0]?.words

  test('quotes, escapes and comments are those of HAProxy', () => {
    assert.deepEqual(words('  a b\\ c "d  e" \'f "g\' h\\#i \\x41\\t # no'), ['a', 'b c', 'd  e', 'f "g', 'h#i', 'A\t'])
    assert.deepEqual(words('a "b\\"c\\d" b#c'), ['a', 'b"c\\d', 'b'])
    assert.deepEqual(words('stats realm Haproxy\\ Statistics'), ['stats', 'realm', 'Haproxy Statistics'])
    assert.deepEqual(words('a "" b'), ['a', '', 'b'])
  })

  test('a variable is replaced where the file sets it, and otherwise stays', () => {
    const sections = read(
      `global\n setenv IP 10.0.0.1\nlisten a\n bind "$IP:80" '$IP' "\${NO-x}" "\${NO}:1" "$NO" $IP\n`,
    ).sections
    assert.deepEqual(sections[1]?.lines[0]?.words, ['bind', '10.0.0.1:80', '$IP', 'x', `\${NO}:1`, '$NO', '$IP'])
  })

  test('every word has the column that it begins at', () => {
    const line = read('global\n  maxconn  "20 0" x\n').sections[0]?.lines[0]
    assert.deepEqual(line, {
      words: ['maxconn', '20 0', 'x'],
      columns: [3, 12, 19],
      at: { file: 'haproxy.cfg', line: 2, col: 3 },
    })
  })
})

describe('sections', () => {
  test('a proxy follows the last defaults section, or the one that it names', () => {
    const text = `defaults slow
 mode http
 timeout client 1m
defaults fast from slow
 timeout client 5s
listen a
listen b from slow
defaults
 timeout client 7000
listen c
`
    const seen = read(text).proxies.map(({ name, mode, timeouts }) => [
      name,
      mode,
      timeouts.client?.value,
      timeouts.client?.at.line,
    ])
    assert.deepEqual(seen, [
      ['a', 'http', 5000, 5],
      ['b', 'http', 60_000, 3],
      ['c', 'tcp', 7000, 9],
    ])
  })

  test('what HAProxy would not take is said with its place', () => {
    const text = `maxconn 5
listen
listen a from nobody
 bind
 bind 10.0.0.1
 timeout client soon
 server x
 stats auth "a:b
`
    assert.deepEqual(problemsOf(text), [
      'haproxy.cfg:1:1  "maxconn" stands before any section; begin one, such as global',
      'haproxy.cfg:2:1  this listen section has no name; give it one',
      'haproxy.cfg:3:1  listen a is from "nobody", and no defaults section has that name',
      'haproxy.cfg:4:2  bind has no address; write one, such as bind 10.0.0.10:443',
      'haproxy.cfg:5:7  bind 10.0.0.1 has no port; write one, such as 10.0.0.1:443',
      'haproxy.cfg:6:17  timeout client is "soon", which is no time; write it as 10s or 5m',
      'haproxy.cfg:7:2  server has no name or no address; write it as server web1 10.0.0.21:80',
      'haproxy.cfg:8:13  the quote " is not closed on its line; close it',
    ])
  })
})

test('no text makes the reader throw', () => {
  const piece = fc.constantFrom(
    ...[
      'global',
      'defaults',
      'listen',
      'backend',
      'frontend',
      'from',
      'bind',
      'server',
      'server-template',
      'default-server',
      'check',
    ],
    ...[
      'option',
      'httpchk',
      'http-check',
      'expect',
      'send',
      'no',
      'stats',
      'auth',
      'timeout',
      'client',
      'balance',
      'mode',
      '1',
      ':80',
    ],
    ...[
      '10.0.0.1:80',
      '[::1]:80',
      '"',
      "'",
      '\\',
      '#',
      '$',
      '${',
      '}',
      '\\x4',
      '-',
      ',',
      '@',
      '__proto__',
      '\n',
      '\n',
      '\n ',
      ' ',
      ' ',
    ],
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(' ')),
        fc.string(),
      ),
      (text) => {
        read(text)
      },
    ),
    { numRuns: 3000 },
  )
})

test('a long text is read in time that grows with it', () => {
  const started = performance.now()
  read(`defaults\n${' timeout client 5s\n'.repeat(3000)}${'listen x\n default-server check\n'.repeat(3000)}`)
  read(`global\n${'"${A-'.repeat(3000)}\n${'\\'.repeat(50_000)}`)
  assert.ok(performance.now() - started < 5000)
})
