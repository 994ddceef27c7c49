import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddressEvent, parseAddresses } from '../../src/drill/address-events.ts'
import { type Stretch, summarizeHolding } from '../../src/drill/holding.ts'

const a = (fromMs: number, untilMs?: number): Stretch => ({ node: 'a', fromMs, untilMs })
const b = (fromMs: number, untilMs?: number): Stretch => ({ node: 'b', fromMs, untilMs })

test('a VIP that stays has no move, and nobody else', () => {
  assert.deepEqual(summarizeHolding([a(0)], [], 1000, 2000), {
    moves: 0,
    togetherMs: 0,
    longestTogetherMs: 0,
    togetherWithCutMs: 0,
    nobodyMs: 0,
    longestNobodyMs: 0,
    holders: [{ node: 'a', fromMs: 0, untilMs: 1000 }],
  })
})

test('a node that gives the VIP away before the next one takes it leaves a time without', () => {
  const { moves, togetherMs, nobodyMs, holders } = summarizeHolding([a(0, 1100), b(1104.25)], [], 1000, 2000)
  assert.deepEqual({ moves, togetherMs, nobodyMs }, { moves: 1, togetherMs: 0, nobodyMs: 4.3 })
  assert.deepEqual(
    holders.map(({ node }) => node),
    ['a', 'b'],
  )
})

test('a node that takes the VIP before the other gives it away holds it together with that one', () => {
  const summary = summarizeHolding([a(0, 1150), b(1100, 1400), a(1390)], [], 1000, 2000)
  assert.deepEqual(
    { moves: summary.moves, sum: summary.togetherMs, longest: summary.longestTogetherMs, nobody: summary.nobodyMs },
    { moves: 2, sum: 60, longest: 50, nobody: 0 },
  )
})

test('a VIP that its node loses and takes again has moved once', () => {
  const { moves, nobodyMs } = summarizeHolding([a(0, 1100), a(1120)], [], 1000, 2000)
  assert.deepEqual({ moves, nobodyMs }, { moves: 1, nobodyMs: 20 })
})

test('a node that is cut off keeps the VIP, which is told apart and is no time together', () => {
  const summary = summarizeHolding([a(0), b(1400)], [a(1100)], 1000, 2000)
  assert.deepEqual(
    {
      moves: summary.moves,
      together: summary.togetherMs,
      cut: summary.togetherWithCutMs,
      nobody: summary.longestNobodyMs,
    },
    { moves: 1, together: 0, cut: 600, nobody: 300 },
  )
})

test('a node that is healed takes the VIP back when the other gives it up', () => {
  const summary = summarizeHolding([a(0), b(400, 1300)], [a(100, 1200)], 1000, 2000)
  assert.deepEqual(
    { moves: summary.moves, together: summary.togetherMs, cut: summary.togetherWithCutMs, nobody: summary.nobodyMs },
    { moves: 1, together: 100, cut: 200, nobody: 0 },
  )
})

test('a node that is healed and gives the VIP up has not moved it', () => {
  const { moves, togetherMs } = summarizeHolding([a(0, 1250), b(400)], [a(100, 1200)], 1000, 2000)
  assert.deepEqual({ moves, togetherMs }, { moves: 0, togetherMs: 50 })
})

test('a node that held the VIP only beside its holder has not moved it', () => {
  const { moves, togetherMs } = summarizeHolding([a(0), b(1100, 1105)], [], 1000, 2000)
  assert.deepEqual({ moves, togetherMs }, { moves: 0, togetherMs: 5 })
})

test('a VIP that a third node takes before the second has moved twice', () => {
  const c: Stretch = { node: 'c', fromMs: 1101, untilMs: 1106 }
  assert.equal(summarizeHolding([a(0, 1100), c, b(1102)], [], 1000, 2000).moves, 2)
})

test('what happened outside of the window does not count', () => {
  const { moves, nobodyMs } = summarizeHolding([a(0, 900), b(910, 1500), a(2100)], [], 1000, 2000)
  assert.deepEqual({ moves, nobodyMs }, { moves: 0, nobodyMs: 500 })
})

test('a VIP that nobody ever held', () => {
  const { moves, nobodyMs, longestNobodyMs } = summarizeHolding([], [], 1000, 1500)
  assert.deepEqual({ moves, nobodyMs, longestNobodyMs }, { moves: 0, nobodyMs: 500, longestNobodyMs: 500 })
})

test('lines of ip monitor are read for both IP versions', () => {
  const at = Date.UTC(2026, 10, 25, 8, 26, 52)
  assert.deepEqual(
    [
      '[2026-11-25T08:26:52.845872] 2: eth0    inet 10.0.0.9/32 scope global eth0\\       valid_lft forever',
      '[2026-11-25T08:26:52.000009] Deleted 2: eth0    inet6 fd00::9/128 scope global nodad \\       valid_lft forever',
      '[2026-11-25T08:26:52.500000] 17: br0    inet 10.0.0.7/24 brd 10.0.0.255 scope global br0:x\\    valid_lft forever',
      'Terminated',
    ].map(parseAddressEvent),
    [
      { atMs: at + 845.872, address: '10.0.0.9', has: true },
      { atMs: at + 0.009, address: 'fd00::9', has: false },
      { atMs: at + 500, address: '10.0.0.7', has: true },
      undefined,
    ],
  )
})

test('addresses are read from ip address show', () => {
  const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.9.0.1/32 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet6 fd00::1/128 scope global nodad \\       valid_lft forever preferred_lft forever
`
  assert.deepEqual(parseAddresses(text), ['127.0.0.1', '10.9.0.1', 'fd00::1'])
})
