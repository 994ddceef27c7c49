import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/health/gate.ts'
import { adoptedVerdict, nextVerdict, type ProbeEvent, type Verdict } from '../../src/health/verdict.ts'

const thresholds = { fall: 2, rise: 2 }
const answered: ProbeEvent = { kind: 'answered' }
const refused: ProbeEvent = { kind: 'refused', reason: 'HAProxy does not listen' }
const missed: ProbeEvent = { kind: 'missed', reason: 'HAProxy gave no answer within 300 ms' }

/** Feeds events 100 ms apart and writes down what the gate says after each, as a transcript. */
function transcript(start: Verdict, events: readonly ProbeEvent[]): string[] {
  let verdict = start
  return events.map((event, index) => {
    verdict = nextVerdict(verdict, event, thresholds, 100 * (index + 1))
    return `${100 * (index + 1)} ${event.kind} -> ${verdict.serving ? 'open' : 'closed'} since ${verdict.sinceMs}`
  })
}

test('a refused connection closes the gate at once', () => {
  assert.deepEqual(transcript(adoptedVerdict(true, 0), [answered, refused]), [
    '100 answered -> open since 0',
    '200 refused -> closed since 200',
  ])
})

test('one missed answer is forgiven, the second in a row closes the gate', () => {
  assert.deepEqual(transcript(adoptedVerdict(true, 0), [missed, answered, missed, missed]), [
    '100 missed -> open since 0',
    '200 answered -> open since 0',
    '300 missed -> open since 0',
    '400 missed -> closed since 400',
  ])
})

test('a closed gate opens after two answers in a row', () => {
  assert.deepEqual(transcript(adoptedVerdict(false, 0), [answered, missed, answered, answered]), [
    '100 answered -> closed since 0',
    '200 missed -> closed since 0',
    '300 answered -> closed since 0',
    '400 answered -> open since 400',
  ])
})

test('a gate that stays closed keeps the time since when it is closed and takes the newest reason', () => {
  const first = nextVerdict(adoptedVerdict(true, 0), missed, { fall: 1, rise: 2 }, 100)
  assert.deepEqual(nextVerdict(first, refused, thresholds, 200), {
    serving: false,
    reason: 'HAProxy does not listen',
    sinceMs: 100,
    streak: 0,
  })
})

test('an agent that starts adopts an open gate', () => {
  assert.deepEqual(adoptedVerdict(true, 7), {
    serving: true,
    reason: 'adopted from the gate file',
    sinceMs: 7,
    streak: 0,
  })
})

test('a change of the gate is told once, also when its file cannot be written at first', () => {
  let file = true
  let disk: 'full' | 'free' = 'full'
  const told: boolean[] = []
  const gate = createGate({
    trackFiles: {
      readGate: () => file,
      writeGate: (open) => {
        if (disk === 'full') throw new Error('no space left on device')
        file = open
      },
      readScore: () => undefined,
      writeScore: () => undefined,
      readHealthPorts: () => [],
      writeHealthPorts: () => undefined,
      beat: () => undefined,
    },
    thresholds,
    now: () => 0,
    beforeOpening: () => undefined,
    onChange: ({ serving }) => told.push(serving),
  })
  assert.throws(() => gate.look(refused), { message: 'no space left on device' })
  assert.throws(() => gate.look(refused), { message: 'no space left on device' })
  assert.deepEqual(told, [false])
  disk = 'free'
  gate.look(refused)
  assert.deepEqual([file, ...told], [false, false])
})
