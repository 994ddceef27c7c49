import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { chooseFaults, listFaults } from '../../src/cli/drill-faults.ts'
import { type Effect, movesFrom } from '../../src/drill/faults/fault.ts'
import { FAULTS } from '../../src/drill/faults/table.ts'
import type { Holding } from '../../src/drill/holding.ts'
import { judge, summarizeFault } from '../../src/drill/judge.ts'
import type { Window } from '../../src/drill/statistics.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'

const effect: Effect = { held: true, said: 'the VIP moved', from: 'a', to: 'b', moves: { v: 1 } }
const answered: Window = {
  sent: 100,
  failed: 0,
  longestGapMs: 12,
  silentMs: 3,
  firstFailure: null,
  failures: {},
  servers: { alpha: 100 },
}
const once: Holding = {
  moves: 1,
  togetherMs: 0,
  longestTogetherMs: 0,
  togetherWithCutMs: 0,
  nobodyMs: 5,
  longestNobodyMs: 5,
  holders: [
    { node: 'a', fromMs: 0, untilMs: 100 },
    { node: 'b', fromMs: 105, untilMs: 1000 },
  ],
}

test('a round holds when all is as it should be', () => {
  assert.deepEqual(judge({ spares: true }, effect, { web: answered }, { v: once }, 100), {
    held: true,
    why: [],
    said: 'the VIP moved',
    from: 'a',
    to: 'b',
    sent: 100,
    failed: 0,
    failures: {},
    gapMs: 12,
    moves: 1,
    togetherMs: 0,
    togetherWithCutMs: 0,
    nobodyMs: 5,
  })
})

test('one connection of a service that is lost as its VIP moves is told, and a second one, another failure, or no move is a lost request', () => {
  const lost = (failures: Window['failures'], moves: Effect['moves'] = { v: 1 }): readonly (string | boolean)[] => {
    const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
    const holding = { ...once, moves: moves['v'] ?? 0 }
    const { held, said, why } = judge(
      { spares: true },
      { ...effect, moves },
      { web: { ...answered, failed, failures, firstFailure: Object.keys(failures)[0] ?? null } },
      { v: holding },
      100,
    )
    return [held, said, ...why]
  }
  assert.deepEqual(
    [
      lost({ ECONNRESET: 1 }),
      lost({ 'no answer within 1 s': 1 }),
      lost({ ECONNRESET: 2 }),
      lost({ ECONNREFUSED: 1 }),
      lost({ ECONNRESET: 1 }, {}),
    ],
    [
      [
        true,
        'the VIP moved; one connection to web was lost (ECONNRESET), as one that is being opened in a hand-over may be',
      ],
      [
        true,
        'the VIP moved; one connection to web was lost (no answer within 1 s), as one that is being opened in a hand-over may be',
      ],
      [false, 'the VIP moved', '2 requests of web were lost'],
      [false, 'the VIP moved', '1 request of web was lost'],
      [false, 'the VIP moved', '1 request of web was lost'],
    ],
  )
})

test('each reason why a round does not hold is told', () => {
  const lost = { ...answered, failed: 2, failures: { ECONNRESET: 2 } }
  const why = (
    given: Partial<Effect>,
    window: Window,
    holding: Partial<Holding> = {},
    fault = { spares: false },
  ): readonly string[] =>
    judge(fault, { ...effect, ...given }, { web: window }, { v: { ...once, ...holding } }, 100).why
  assert.deepEqual(
    [
      why({ held: false, said: 'nothing moved' }, answered),
      why({}, answered, { moves: 2, holders: [...once.holders, { node: 'a', fromMs: 500, untilMs: 1000 }] }),
      why({ moves: {} }, answered),
      why({}, answered, { longestTogetherMs: 251 }),
      why({}, { ...answered, failed: 100 }),
      why({}, { ...answered, silentMs: 301 }),
      why({}, { ...answered, longestGapMs: 1001 }),
      why({ longestGapMs: 3000 }, { ...answered, longestGapMs: 1001 }),
      why({}, lost),
      why({}, lost, {}, { spares: true }),
      why({ taken: ['web'] }, lost, {}, { spares: true }),
    ],
    [
      ['nothing moved'],
      ['v moved 2 times instead of once (a -> b -> a)'],
      ['v moved once instead of 0 times (a -> b)'],
      ['v was held by two nodes for 251 ms'],
      ['web never answered'],
      ['web does not answer at the end'],
      ['web did not answer for 1001 ms'],
      [],
      [],
      ['2 requests of web were lost'],
      [],
    ],
  )
})

test('rounds are summed up, the worst one shown', () => {
  const good = judge({ spares: false }, effect, { web: answered }, { v: once }, 100)
  const bad = { ...good, held: false, why: ['it did not'], gapMs: 40, moves: 2, failed: 3, failures: { ECONNRESET: 3 } }
  const report = summarizeFault('haproxy-kill', [good, bad, { ...bad, to: 'c' }])
  assert.deepEqual(
    { ...report, togetherMs: 0, togetherWithCutMs: 0, nobodyMs: 0 },
    {
      fault: 'haproxy-kill',
      rounds: 3,
      held: 1,
      sent: 300,
      failed: 6,
      gapMs: { p50: 40, p99: 40, max: 40 },
      moves: { min: 1, max: 2 },
      togetherMs: 0,
      togetherWithCutMs: 0,
      nobodyMs: 0,
      failures: { ECONNRESET: 6 },
      from: 'a',
      to: 'b, c',
      why: ['it did not'],
    },
  )
})

test('a VIP moves once for each of its holders that is struck, in the order of prefer', () => {
  const parsed = parseSpec(
    `version: 1
cluster: c
nodes:
  a: { address: 10.9.0.1, interface: eth0 }
  b: { address: 10.9.0.2, interface: eth0 }
  c: { address: 10.9.0.3, interface: eth0 }
vips:
  v: { address: 10.9.0.100, virtualRouterId: 7, prefer: [a, b, c] }
  w: { address: 10.9.0.101, virtualRouterId: 8, prefer: [b, a, c] }
  x: { address: 10.9.0.102, virtualRouterId: 9, prefer: [c, a] }
`,
    'lb.yaml',
  )
  assert.equal(parsed.kind, 'spec', JSON.stringify(parsed))
  if (parsed.kind !== 'spec') return
  assert.deepEqual(
    [movesFrom(parsed.spec, ['a']), movesFrom(parsed.spec, ['a', 'b']), movesFrom(parsed.spec, ['b'], ['v', 'w'])],
    [{ v: 1 }, { v: 2, w: 1 }, { w: 1 }],
  )
})

test('without --faults a short drill runs, and each fault has a name of its own', () => {
  const names = (list?: string) => {
    const chosen = chooseFaults(list)
    return chosen.kind === 'faults' ? chosen.faults.map(({ name }) => name) : chosen
  }
  assert.deepEqual(
    [names(), names('node-cut,haproxy-kill'), names('node-cut,nothing'), names('all')],
    [
      ['good-commit', 'bad-commit', 'haproxy-kill', 'haproxy-hang', 'keepalived-term', 'node-cut', 'drain'],
      ['node-cut', 'haproxy-kill'],
      { kind: 'unknown', name: 'nothing' },
      FAULTS.map(({ name }) => name),
    ],
  )
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length)
  assert.equal(listFaults().split('\n').length, FAULTS.length + 1)
})

test('the README names every fault', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  assert.deepEqual(
    FAULTS.filter(({ name }) => !readme.includes(`\`${name}\``)).map(({ name }) => name),
    [],
  )
})
