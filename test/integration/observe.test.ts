import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ageOf, type Fact, freshOrUnknown } from '../../src/observe/observer.ts'
import { onDemand } from '../../src/observe/on-demand.ts'

test('a fact is as old as it is, and too old is unknown', () => {
  const fact: Fact<string> = { kind: 'known', value: 'serves', steadyMs: performance.now() - 100 }
  assert.ok(ageOf(fact) >= 100 && ageOf(fact) < 1_000)
  assert.equal(freshOrUnknown(fact, 5_000), fact)
  const stale = freshOrUnknown(fact, 50)
  assert.ok(stale.kind === 'unknown' && stale.steadyMs === fact.steadyMs)
  assert.match(stale.reason, /^last seen 1\d\d ms ago$/)
})

test('a fact that was asked for once is looked at again and again, so that it is young for whoever asks next', async () => {
  let looks = 0
  const latest = onDemand({
    read: async () => ({ kind: 'state', state: ++looks }),
    everyMs: 50,
    staleAfterMs: 60_000,
  })
  await sleep(120)
  assert.equal(looks, 0, 'nobody has asked yet')
  assert.equal(latest().kind, 'unknown')
  await sleep(400)
  assert.ok(looks >= 3, `${looks} looks`)
  // The question itself may begin the next look.
  const seen = looks
  const fact = latest()
  assert.ok(fact.kind === 'known' && fact.value === seen, JSON.stringify(fact))
})

test('one look at a time, and what it saw last is not told for longer than it may be', async () => {
  let looks = 0
  const latest = onDemand({
    read: () => {
      looks += 1
      return looks === 1 ? Promise.resolve({ kind: 'state', state: 1 }) : new Promise(() => undefined)
    },
    everyMs: 50,
    staleAfterMs: 200,
  })
  latest()
  await sleep(20)
  assert.equal(latest().kind, 'known')
  await sleep(400)
  const fact = latest()
  assert.ok(fact.kind === 'unknown' && fact.reason.startsWith('last seen '), JSON.stringify(fact))
  assert.equal(looks, 2)
})

test('what could not be had is looked at again when somebody asks, and not before', async () => {
  let looks = 0
  const latest = onDemand<number>({
    read: async () => {
      looks += 1
      if (looks === 1) throw new Error('no right to ask')
      return { kind: 'state', state: looks }
    },
    everyMs: 50,
    staleAfterMs: 60_000,
  })
  latest()
  await sleep(200)
  assert.equal(looks, 1)
  const fact = latest()
  assert.ok(fact.kind === 'unknown' && fact.reason === 'no right to ask', JSON.stringify(fact))
  await sleep(20)
  assert.deepEqual([latest().kind, looks], ['known', 2])
})

test('what was seen of something that has ended is not told, and what has taken its place is looked at', async () => {
  let running = 1
  const latest = onDemand({
    read: async () => ({ kind: 'state', state: { pid: running } }),
    everyMs: 1_000,
    staleAfterMs: 60_000,
    stillTrue: ({ pid }) => pid === running,
  })
  latest()
  await sleep(1_200)
  assert.equal(latest().kind, 'known')
  running = 2
  await sleep(50)
  const fact = latest()
  assert.ok(fact.kind === 'unknown' && fact.reason === 'what was seen has ended', JSON.stringify(fact))
  const deadline = performance.now() + 5_000
  let next = latest()
  while (next.kind === 'unknown' && performance.now() < deadline) {
    await sleep(50)
    next = latest()
  }
  assert.ok(next.kind === 'known' && next.value.pid === 2, JSON.stringify(next))
})
