import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRepeats, type Entry } from '../../src/log/repeats.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What is written while `entries` come at their times, with a look each second: `at: level message (fields)`. */
function transcript(entries: readonly (readonly [number, Entry])[], untilMs: number): string[] {
  const repeats = createRepeats()
  const lines: string[] = []
  const tell = (atMs: number, written: readonly Entry[]): void => {
    for (const { level, message, fields } of written) lines.push(`${at(atMs)} ${level} ${message}${shown(fields)}`)
  }
  let next = 0
  for (let nowMs = 0; nowMs <= untilMs; nowMs += SECOND) {
    for (let entry = entries[next]; entry !== undefined && entry[0] <= nowMs; entry = entries[next]) {
      tell(entry[0], repeats.take(entry[1], entry[0]))
      next += 1
    }
    tell(nowMs, repeats.due(nowMs))
  }
  tell(untilMs, repeats.flush())
  return lines
}

function at(atMs: number): string {
  return [atMs / HOUR, (atMs / MINUTE) % 60, (atMs / SECOND) % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':')
}

function shown(fields: Entry['fields']): string {
  const pairs = Object.entries(fields).filter(([name]) => name !== 'about' && name !== 'durationMs')
  return pairs.map(([name, value]) => ` ${name}=${value}`).join('')
}

function every(periodMs: number, fromMs: number, untilMs: number, entry: (index: number) => Entry): [number, Entry][] {
  return Array.from({ length: Math.floor((untilMs - fromMs) / periodMs) }, (_, index) => [
    fromMs + index * periodMs,
    entry(index),
  ])
}

const unreadable = (durationMs: number): Entry => ({
  level: 'warn',
  message: 'the repository cannot be read',
  fields: { about: 'repository', reason: `no answer within ${30 + (durationMs % 2)} s`, durationMs },
})
const readable: Entry = { level: 'info', message: 'the repository can be read again', fields: { about: 'repository' } }
const gate = (open: boolean): Entry => ({
  level: open ? 'info' : 'warn',
  message: open ? 'gate opened' : 'gate closed',
  fields: { about: 'gate' },
})

test('a repository that cannot be read for a night takes a line an hour, and its end is told', () => {
  const night = every(30 * SECOND, 0, 4 * HOUR, unreadable)
  assert.deepEqual(transcript([...night, [4 * HOUR, readable]], 5 * HOUR), [
    '00:00:00 warn the repository cannot be read reason=no answer within 30 s',
    '00:01:00 warn the repository cannot be read reason=no answer within 30 s repeated=1',
    '00:06:00 warn the repository cannot be read reason=no answer within 30 s repeated=9',
    '00:21:00 warn the repository cannot be read reason=no answer within 30 s repeated=29',
    '01:21:00 warn the repository cannot be read reason=no answer within 30 s repeated=119',
    '02:21:00 warn the repository cannot be read reason=no answer within 30 s repeated=119',
    '03:21:00 warn the repository cannot be read reason=no answer within 30 s repeated=119',
    '04:00:00 info the repository can be read again leftOut=77',
  ])
})

test('another reason of the same failure is a change, and told at once', () => {
  const refused: Entry = { ...unreadable(0), fields: { about: 'repository', reason: 'refused' } }
  assert.deepEqual(
    transcript(
      [
        [0, unreadable(0)],
        [SECOND, unreadable(1)],
        [2 * SECOND, refused],
      ],
      MINUTE,
    ),
    [
      '00:00:00 warn the repository cannot be read reason=no answer within 30 s',
      '00:00:02 warn the repository cannot be read reason=refused leftOut=1',
    ],
  )
})

test('what just stops is told to be over, with what was left out', () => {
  const failing: Entry = { level: 'error', message: 'an answer on the network failed', fields: { reason: 'EMFILE' } }
  assert.deepEqual(
    transcript(
      every(SECOND, 0, 10 * SECOND, () => failing),
      HOUR,
    ),
    [
      '00:00:00 error an answer on the network failed reason=EMFILE',
      '00:15:09 info no longer repeated what=an answer on the network failed repeated=9',
    ],
  )
})

test('a gate that opens and closes is told each time; nothing of it is a repeat', () => {
  const flaps = every(5 * SECOND, 0, MINUTE, (index) => gate(index % 2 === 1))
  const told = transcript(flaps, HOUR)
  assert.equal(told.length, 12)
  assert.deepEqual(told.slice(-2), ['00:00:50 warn gate closed', '00:00:55 info gate opened'])
})

test('one that flaps ten times a second is told every ten seconds in the end, and its last state always', () => {
  const flaps = every(100, 0, 2 * MINUTE, (index) => gate(index % 2 === 1))
  const told = transcript(flaps, HOUR)
  assert.ok(told.length < 40, told.join('\n'))
  assert.deepEqual(told.slice(18, 23), [
    '00:00:01 warn gate closed',
    '00:00:01 info gate opened',
    '00:00:10 warn gate closed leftOut=80',
    '00:00:20 warn gate closed leftOut=99',
    '00:00:30 warn gate closed leftOut=99',
  ])
  assert.match(told.at(-1) ?? '', /^00:02:00 info gate opened leftOut=\d+$/)
})

test('subjects do not take each other for repeats or changes', () => {
  const vip = (name: string): Entry => ({
    level: 'info',
    message: 'VRRP state changed',
    fields: { about: `VIP ${name}`, vip: name },
  })
  const many = Array.from({ length: 100 }, (_, index): [number, Entry] => [index, vip(`v${index}`)])
  assert.equal(transcript(many, MINUTE).length, 100)
})

test('a flood of different words about one subject is bounded, and so is memory', () => {
  const odd = every(10, 0, MINUTE, (index) => ({
    level: 'error',
    message: 'an answer failed',
    fields: { reason: `odd ${index}` },
  }))
  assert.ok(transcript(odd, HOUR).length < 30)

  const repeats = createRepeats()
  const told: Entry[] = []
  for (let index = 0; index < 10_000; index += 1) {
    const entry: Entry = { level: 'warn', message: 'x', fields: { about: `subject ${index}` } }
    told.push(...repeats.take(entry, index), ...repeats.take(entry, index))
  }
  const ended = told.filter(({ message }) => message === 'no longer repeated')
  assert.equal(ended.length, 9_800)
  assert.equal(repeats.flush().length, 200)
})

test('every entry is written or counted, whatever comes when, and the last state of each subject is written', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 20 * MINUTE }),
    soon: fc.boolean(),
    about: fc.constantFrom('a', 'b'),
    state: fc.constantFrom('x', 'y'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const repeats = createRepeats()
      let nowMs = 0
      const written: Entry[] = []
      for (const { afterMs, soon, about, state } of steps) {
        nowMs += soon ? afterMs % 50 : afterMs
        written.push(
          ...repeats.due(nowMs),
          ...repeats.take({ level: 'info', message: state, fields: { about } }, nowMs),
        )
      }
      written.push(...repeats.flush())
      const counted = written.reduce(
        (sum, { message, fields }) => sum + (message === 'no longer repeated' ? 0 : 1) + count(fields),
        0,
      )
      assert.equal(counted, steps.length)
      for (const about of ['a', 'b']) {
        const last = steps.findLast((each) => each.about === about)
        const told = written.filter(
          ({ message, fields }) => message !== 'no longer repeated' && fields['about'] === about,
        )
        assert.equal(told.at(-1)?.message, last?.state)
      }
    }),
  )
})

function count(fields: Entry['fields']): number {
  return ['repeated', 'leftOut'].reduce((sum, name) => sum + Number(fields[name] ?? 0), 0)
}
