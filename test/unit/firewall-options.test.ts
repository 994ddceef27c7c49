import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFirewallOptions, type WrittenOptions } from '../../src/firewall/options.ts'

function wrong(written: Partial<WrittenOptions>): readonly string[] {
  const read = parseFirewallOptions({ port: '9853', scraper: [], ...written })
  assert.equal(read.kind, 'usage', JSON.stringify(written))
  return read.kind === 'usage' ? read.sentences : []
}

test('scrapers are written once, in canonical form, however they are given', () => {
  const read = parseFirewallOptions({ port: '80', scraper: ['10.0.0.5, FD00:0::5', '10.0.0.5/32,10.0.0.0/8'] })
  assert.deepEqual(read, {
    kind: 'options',
    options: {
      agentPort: 80,
      scrapers: [
        { address: '10.0.0.5', prefixLength: 32 },
        { address: 'fd00::5', prefixLength: 128 },
        { address: '10.0.0.0', prefixLength: 8 },
      ],
      into: undefined,
      intoOutput: undefined,
    },
  })
})

const SCRAPER =
  'a scraper is an IPv4 or IPv6 address, such as 10.17.5.10, 10.17.5.10/24 or fd00:17::10, and not loopback, link-local, multicast or 0.0.0.0'
const CHAIN =
  "it is the family (inet, ip or ip6), the table and the chain in one word, such as --into 'inet filter input'"

test('every word that means nothing gets its sentence, all at once', () => {
  assert.deepEqual(wrong({ port: '0', scraper: ['10.0.0.5,lb1', ''], into: 'filter input', intoOutput: 'arp a b' }), [
    '--port is "0"; a port is 1-65535',
    `--scraper is "lb1"; ${SCRAPER}`,
    `--scraper is ""; ${SCRAPER}`,
    `--into is "filter input"; ${CHAIN}`,
    `--into-output is "arp a b"; ${CHAIN}`,
  ])
  for (const own of ['inet filter lb_agent', 'inet filter lb_agent_output'])
    assert.deepEqual(wrong({ into: own }), [
      `--into is "${own}"; that is a chain which this file writes; name the one that has the hook and jumps there`,
    ])
})

test('no word of a command line becomes a word of nft', () => {
  const ends = [
    '; flush ruleset',
    '\nflush ruleset',
    ' }',
    ' # x',
    '"',
    "'",
    '$x',
    '\\',
    '\0',
    '/x',
    '*',
    '@x',
    ' accept',
  ]
  for (const end of ends) {
    assert.equal(wrong({ port: `9853${end}` }).length, 1)
    assert.equal(wrong({ scraper: [`10.0.0.5${end}`] }).length, 1)
    assert.equal(wrong({ into: `inet filter input${end}` }).length, 1)
    assert.equal(wrong({ into: `inet filter${end} input` }).length, 1)
    assert.equal(wrong({ into: `inet${end} filter input` }).length, 1)
  }
  for (const scraper of [
    '0.0.0.0/0',
    '::/0',
    '127.0.0.1',
    'fe80::1',
    '224.0.0.18',
    '::ffff:10.0.0.1',
    '10.0.0.0/33',
    '10.0.0.5-10.0.0.9',
  ])
    assert.equal(wrong({ scraper: [scraper] }).length, 1, scraper)
})
