import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DRAINED_SCORE, HELD_BACK_SCORE, scoreOf } from '../../src/health/score.ts'
import { afterRecovery, firstHealth, nextHealth, type Rules, type VipHealth } from '../../src/health/vip-health.ts'
import { basePriority } from '../../src/render/expectation.ts'

const RULES: Rules = { dampingMs: 2_000, failbackMs: 10_000 }

/** One service `web`, and what this node sees of it: `3` servers up, or `-` while HAProxy cannot be asked. */
type Step = { ms: number; up: number | '-'; holds: boolean; recovered?: true }

/** Feeds what is seen and writes down score and reason after each step, as a transcript. */
function transcript(steps: readonly Step[], rules: Rules = RULES, start = firstHealth(undefined)): string[] {
  let health = start
  return steps.map(({ ms, up, holds, recovered }) => {
    if (recovered) health = afterRecovery(health, { holds, nowMs: ms })
    const services = up === '-' ? undefined : [{ name: 'web', serversUp: up, minimumServers: 1 }]
    health = nextHealth(health, { services, holds, nowMs: ms }, rules)
    const { score, reason } = scoreOf('v', health, { ...FREE, failbackMs: rules.failbackMs, nowMs: ms })
    return `${ms} ${holds ? 'holder' : 'other'} ${up} up -> ${score}, ${reason}`
  })
}

const FREE = {
  drained: undefined,
  waitsForServer: false,
  waitsForTakeover: false,
  failbackMs: 10_000,
  nowMs: 0,
} as const

test('the holder admits that its servers are lost only after the damping time', () => {
  const steps: Step[] = [
    { ms: 0, up: 2, holds: true },
    { ms: 500, up: 0, holds: true },
    { ms: 2_000, up: 0, holds: true },
    { ms: 2_500, up: 0, holds: true },
  ]
  assert.deepEqual(transcript(steps), [
    '0 holder 2 up -> 100, every service has a server',
    '500 holder 0 up -> 100, no server is up for web; that counts when it has lasted 2 s',
    '2000 holder 0 up -> 100, no server is up for web; that counts when it has lasted 2 s',
    '2500 holder 0 up -> 0, no server is up for web',
  ])
})

test('an outage shorter than the damping time changes nothing, and the next one is damped anew', () => {
  const steps: Step[] = [
    { ms: 0, up: 0, holds: true },
    { ms: 1_500, up: 1, holds: true },
    { ms: 2_000, up: 0, holds: true },
    { ms: 3_900, up: 0, holds: true },
  ]
  assert.deepEqual(
    transcript(steps).map((line) => line.split(',')[0]),
    ['0 holder 0 up -> 100', '1500 holder 1 up -> 100', '2000 holder 0 up -> 100', '3900 holder 0 up -> 100'],
  )
})

test('a node that does not hold the VIP gives in at once: when all lose their servers, the holder is the last', () => {
  assert.deepEqual(transcript([{ ms: 0, up: 0, holds: false }]), ['0 other 0 up -> 0, no server is up for web'])
})

test('servers that come back for all nodes raise the holder at once and the others later', () => {
  const down = firstHealth(0)
  assert.deepEqual(transcript([{ ms: 0, up: 1, holds: true }], RULES, down), [
    '0 holder 1 up -> 100, every service has a server',
  ])
  const steps: Step[] = [
    { ms: 0, up: 1, holds: false },
    { ms: 1_500, up: 1, holds: false },
    { ms: 2_000, up: 1, holds: false },
    { ms: 9_500, up: 1, holds: false },
    { ms: 10_000, up: 1, holds: false },
  ]
  assert.deepEqual(transcript(steps, RULES, down), [
    '0 other 1 up -> 0, every service has a server; that counts when it has lasted 2 s',
    '1500 other 1 up -> 0, every service has a server; that counts when it has lasted 2 s',
    '2000 other 1 up -> 64, held back after a recovery, 8 s to go',
    '9500 other 1 up -> 64, held back after a recovery, 1 s to go',
    '10000 other 1 up -> 100, every service has a server',
  ])
})

test('a node whose HAProxy has recovered is held back for failback.after', () => {
  const steps: Step[] = [
    { ms: 0, up: 2, holds: false, recovered: true },
    { ms: 10_000, up: 2, holds: false },
  ]
  assert.deepEqual(transcript(steps), [
    '0 other 2 up -> 64, held back after a recovery, 10 s to go',
    '10000 other 2 up -> 100, every service has a server',
  ])
})

test('failback: manual holds a recovered node back for as long as another one holds the VIP', () => {
  const steps: Step[] = [
    { ms: 0, up: 2, holds: false, recovered: true },
    { ms: 86_400_000, up: 2, holds: false },
    { ms: 86_400_500, up: 2, holds: true },
    { ms: 86_401_000, up: 2, holds: false },
  ]
  assert.deepEqual(transcript(steps, { ...RULES, failbackMs: 'manual' }), [
    '0 other 2 up -> 64, held back after a recovery: failback is manual, lb-agent undrain ends it',
    '86400000 other 2 up -> 64, held back after a recovery: failback is manual, lb-agent undrain ends it',
    '86400500 holder 2 up -> 100, every service has a server',
    '86401000 other 2 up -> 100, every service has a server',
  ])
})

test('a node that holds the VIP is not held back from it', () => {
  assert.deepEqual(transcript([{ ms: 0, up: 2, holds: true, recovered: true }]), [
    '0 holder 2 up -> 100, every service has a server',
  ])
})

test('while HAProxy cannot be asked the score stays, and no outage is counted', () => {
  const steps: Step[] = [
    { ms: 0, up: 0, holds: true },
    { ms: 1_000, up: '-', holds: true },
    { ms: 1_500, up: 0, holds: true },
    { ms: 3_000, up: 0, holds: true },
    { ms: 3_500, up: 0, holds: true },
  ]
  assert.deepEqual(
    transcript(steps).map((line) => line.split(',')[0]),
    [
      '0 holder 0 up -> 100',
      '1000 holder - up -> 100',
      '1500 holder 0 up -> 100',
      '3000 holder 0 up -> 100',
      '3500 holder 0 up -> 0',
    ],
  )
})

test('what an earlier agent knew is adopted until HAProxy has been asked', () => {
  assert.deepEqual(transcript([{ ms: 0, up: '-', holds: true }], RULES, firstHealth(50)), [
    '0 holder - up -> 50, adopted, its servers are not known yet',
  ])
})

test('a VIP loses the share of its services that have too few servers', () => {
  const services = [
    { name: 'http', serversUp: 1, minimumServers: 2 },
    { name: 'https', serversUp: 0, minimumServers: 1 },
    { name: 'ssh', serversUp: 1, minimumServers: 1 },
  ]
  const { score, reason } = nextHealth(firstHealth(undefined), { services, holds: false, nowMs: 0 }, RULES)
  assert.deepEqual(
    { score, reason },
    { score: 33, reason: '1 of at least 2 servers are up for http, no server is up for https' },
  )
})

const well: VipHealth = { ...firstHealth(undefined), reason: 'every service has a server' }

test('a drained node comes after one that is held back, and before one without servers', () => {
  const drained = 'drained until lb-agent undrain'
  assert.deepEqual(scoreOf('v', well, { ...FREE, drained }), { vip: 'v', score: 32, cause: 'drained', reason: drained })
  assert.deepEqual(scoreOf('v', { ...well, score: 0 }, { ...FREE, drained }), {
    vip: 'v',
    score: 0,
    cause: 'drained',
    reason: drained,
  })
})

test('requireHealthyOnce keeps the VIP in FAULT until a server was up', () => {
  assert.deepEqual(scoreOf('v', well, { ...FREE, waitsForServer: true }), {
    vip: 'v',
    score: -254,
    cause: 'waits_for_server',
    reason: 'held back: no server of it was up yet (requireHealthyOnce)',
  })
})

test('a VIP that a pair without lb-agent still holds stays in FAULT, whatever else is true of it', () => {
  const { score, cause } = scoreOf('v', well, { ...FREE, waitsForServer: true, waitsForTakeover: true, drained: 'x' })
  assert.deepEqual({ score, cause }, { score: -254, cause: 'waits_for_takeover' })
})

test('why a score is what it is has a word for programs as well', () => {
  const causes = (ups: readonly (number | undefined)[]): string[] => {
    let health = firstHealth(undefined)
    return [
      health.cause,
      ...ups.map((up, at) => {
        const services = up === undefined ? undefined : [{ name: 'web', serversUp: up, minimumServers: 1 }]
        health = nextHealth(health, { services, holds: true, nowMs: at * 1_000 }, RULES)
        return scoreOf('v', health, { ...FREE, nowMs: at * 1_000 }).cause
      }),
    ]
  }
  assert.deepEqual(causes([1, 0, 0, 0, undefined]), [
    ...['servers_unknown', 'healthy', 'damped', 'damped', 'servers_down', 'servers_down'],
  ])
  const none = nextHealth(firstHealth(undefined), { services: [], holds: false, nowMs: 0 }, RULES)
  assert.equal(scoreOf('v', none, FREE).cause, 'no_service')
  assert.equal(scoreOf('v', { ...none, heldDownSinceMs: 0 }, FREE).cause, 'held_back')
})

test('no place in prefer outweighs a step between two scores, in clusters of up to thirty nodes', () => {
  for (let size = 2; size <= 30; size += 1) {
    const prefer = Array.from({ length: size }, (_, index) => `n${index}`)
    const bases = prefer.map((node) => basePriority(prefer, node))
    assert.deepEqual(
      bases,
      [...new Set(bases)].sort((a, b) => b - a),
      `${size} nodes`,
    )
    const [first = 0, last = 0] = [bases[0], bases.at(-1)]
    assert.ok(last + 100 > first + HELD_BACK_SCORE, `well before held back, ${size} nodes`)
    assert.ok(last + HELD_BACK_SCORE > first + DRAINED_SCORE, `held back before drained, ${size} nodes`)
    assert.ok(last + DRAINED_SCORE > first, `drained before one without servers, ${size} nodes`)
  }
})
