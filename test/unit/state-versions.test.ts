import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { openStateFiles } from '../../src/apply/apply-state.ts'
import { createReleaseStore } from '../../src/apply/release-store.ts'
import { createSuspensions } from '../../src/apply/suspension.ts'
import { bootId } from '../../src/boot-clock.ts'
import { changesOf } from '../../src/changes.ts'
import { createDrains } from '../../src/health/drains.ts'
import { createMemory } from '../../src/health/memory.ts'
import { createTrackFiles } from '../../src/health/track-files.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { createVrrpStates } from '../../src/observe/vrrp-states.ts'
import { age, timeOfDay } from '../../src/time-text.ts'
import { tellEvents } from '../../src/timeline/tell.ts'
import { createTimeline } from '../../src/timeline/timeline.ts'
import { createTroubles } from '../../src/troubles.ts'
import { version } from '../../src/version.ts'
import { createWords } from '../../src/words.ts'
import { WHAT_0_1_SAID } from '../support/what-0-1-said.ts'

/** Written by agents of 0.1.0: a node that has applied two revisions and rejected a third, drained and suspended. */
const WRITTEN_BY_0_1 = join(import.meta.dirname, '../fixtures/state-0.1')
const APPLIED = '0f63225afe50-1cb83946'
const KEEPALIVED_PID = 22896
const NEWER = `a newer lb-agent wrote it (format 2, and ${version()} reads up to 1): install that version again`

const words = createWords((text) => text)

suite('the files of an agent of another version', () => {
  let directory: string
  let troubles: ReturnType<typeof createTroubles>
  const at = (...path: string[]) => join(directory, ...path)
  const read = (...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8'))
  const rewrite = (path: string, change: (value: unknown) => unknown) =>
    writeFileSync(at(path), JSON.stringify(change(read(path))))
  const said = () => troubles.list().map(({ text }) => text)
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-versions-'))
    cpSync(WRITTEN_BY_0_1, directory, { recursive: true })
    troubles = createTroubles(Date.now, words)
    // What counts from the boot means nothing after another one.
    rewrite('run/health.json', (value) => ({ ...(value as object), boot: bootId() }))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('those of 0.1.0 say what they have always said', async () => {
    assert.deepEqual(await facts(), WHAT_0_1_SAID)
    assert.deepEqual(said(), [])
  })

  test('fields that a later version has added change nothing of it', async () => {
    addFields()
    assert.deepEqual(await facts(), WHAT_0_1_SAID)
    assert.deepEqual(said(), [])
  })

  test('and are still there for that version when this one has written the file', async () => {
    addFields()
    const state = await openStateFiles(at('state'))
    await state.writeState({ ...state.current(), previous: null })
    assert.deepEqual([read('state/state.json').later, read('state/state.json').rejected[0].later], [true, true])
    await drains().add('w', { forMs: undefined, forStop: false })
    assert.deepEqual(
      read('state/drains.json').map(({ vip, later }: Record<string, unknown>) => [vip, later]),
      [
        ['v', true],
        ['w', undefined],
      ],
    )
  })

  test('values that a later version has added cost what they say, and nothing else', async () => {
    const release = `state/releases/${APPLIED}/release.json`
    rewrite(release, (value) => deepWith(value, { haproxyMetrics: 'pushed', failbackMs: 'never' }))
    rewrite('run/health.json', (value) => deepWith(value, { cause: 'overloaded' }))
    rewrite('run/vrrp-states.json', (value) => ({
      ...(value as object),
      states: [...(value as { states: [] }).states, ['w', { state: 'RESTING', priority: 1, sinceMs: 1 }]],
    }))
    rewrite('state/state.json', (value) => deepWith(value, { stage: 'policy' }))
    const later = [
      { atMs: 1, kind: 'weather', sky: 'blue' },
      { atMs: 1, kind: 'daemon', unit: 'haproxy', what: 'was replaced', reason: 'by another build' },
      { atMs: 1, kind: 'release', result: 'postponed', startedAtMs: 1, ...stringsOfRelease() },
      { atMs: 9_000, kind: 'vrrp', vip: 'v', address: '', from: 'BACKUP', to: 'RESTING', priority: 1, reason: '' },
    ]
    for (const event of later) appendFileSync(at('state/timeline.jsonl'), `${JSON.stringify(event)}\n`)
    const { release: stored, health, vrrp, state, told, ...rest } = await facts()
    const { release: _, health: __, vrrp: ___, state: ____, told: before, ...others } = WHAT_0_1_SAID
    assert.deepEqual(rest, others)
    assert.deepEqual([stored?.metrics, stored?.failbackMs], ['builtin', 10_000])
    assert.deepEqual([health?.score, health?.cause], [100, 'servers_unknown'])
    assert.deepEqual(vrrp, { v: 'BACKUP', w: undefined })
    assert.equal(state.rejected[0]?.stage, 'policy')
    assert.deepEqual(told, [
      ...before,
      'haproxy was replaced: by another build',
      'hand-written files postponed',
      'BACKUP -> RESTING: stays without it: ',
    ])
  })

  test('a file that only a later version can understand stops the agent, or is told, with what still holds', async () => {
    const store = createReleaseStore(at('state/releases'))
    rewrite(`state/releases/${APPLIED}/release.json`, (value) => ({ ...(value as object), format: 2 }))
    await assert.rejects(store.get(APPLIED), {
      message: `release ${APPLIED} in ${at('state/releases')} cannot be read: ${NEWER}`,
    })
    rewrite('state/state.json', () => ({ format: 2 }))
    await assert.rejects(openStateFiles(at('state')), { message: `${at('state/state.json')} cannot be read: ${NEWER}` })
    rewrite('state/drains.json', (list) => ({ format: 2, list }))
    assert.deepEqual(drains().all(), [])
    rewrite('state/suspension.json', () => ({ format: 2 }))
    const suspensions = suspended()
    assert.equal(suspensions.current()?.reason, `${at('state/suspension.json')} cannot be read`)
    suspensions.close()
    assert.deepEqual(said(), [
      `${at('state/drains.json')} cannot be read: ${NEWER}; whether this node was drained is not known, so it takes part: lb-agent drain, or lb-agent undrain if it was not`,
      `${at('state/suspension.json')} cannot be read: ${NEWER}; this node stays suspended, as it may have been: lb-agent resume ends that`,
    ])
  })

  test('a release of which a later version has left the record is recorded anew, with the same files', async () => {
    const store = createReleaseStore(at('state/releases'))
    const release = await store.get(APPLIED)
    assert.ok(release !== undefined)
    rewrite(`state/releases/${APPLIED}/release.json`, (value) => ({ ...(value as object), format: 2 }))
    await store.put(release)
    assert.deepEqual(await store.get(APPLIED), release)
  })

  /** What the parts of an agent make of the files. */
  async function facts() {
    const state = await openStateFiles(at('state'))
    cpSync(at('state/journal-of-an-apply.json'), at('state/journal.json'))
    const journal = await state.readJournal()
    const { applied, previous, rejected } = state.current()
    const release = await createReleaseStore(at('state/releases')).get(applied?.release ?? '')
    const suspensions = suspended()
    const timeline = createTimeline({ file: at('state/timeline.jsonl'), now: Date.now, words, troubles })
    createMetrics(0).counted.earlier(timeline.latest(1_000))
    changesOf([], timeline.latest(1_000), 5)
    const memory = createMemory({ runtime: at('run/health.json'), state: at('state/healthy-once.json') })
    const vrrp = createVrrpStates({
      file: at('run/vrrp-states.json'),
      keepalived: () => ({ kind: 'running', pid: KEEPALIVED_PID, ageMs: 1 }),
      now: Date.now,
    })
    const files = createTrackFiles(at('run'))
    const found = {
      state: {
        ...{ applied: applied?.release, revision: applied?.revision, previous },
        rejected: rejected.map(({ revision, stage }) => ({ revision: revision.slice(0, 12), stage })),
      },
      journal: journal && [journal.from, journal.to, journal.attempts],
      release: release && {
        ...{ node: release.node, renderedBy: release.renderedBy, foreign: release.foreign },
        ...{ metrics: release.expectation.haproxyMetrics, failbackMs: release.expectation.failbackMs },
        ...{ vips: release.expectation.vips.map(({ name, address }) => `${name} ${address}`) },
        ...{ services: release.expectation.services.map(({ name, port }) => `${name} ${port}`) },
        ...{ haproxy: release.files.haproxy.length, keepalived: release.files.keepalived.length },
      },
      drained: drains()
        .all()
        .map(({ vip, until }) => ({ vip, until })),
      suspended: suspensions.current()?.reason,
      health: memory.health('v'),
      healthyOnce: memory.wasHealthyOnce('v'),
      vrrp: { v: vrrp.get('v')?.state, w: vrrp.get('w')?.state },
      gate: files.readGate(),
      score: files.readScore('v'),
      told: tellEvents(timeline.latest(1_000), { time: timeOfDay, span: age }).map(({ text }) => text),
    }
    suspensions.close()
    await timeline.close()
    return found
  }

  /** A new field in every object of every file. */
  function addFields(): void {
    for (const path of [
      ...['state', 'journal-of-an-apply', 'drains', 'suspension'].map((name) => `state/${name}.json`),
      ...[`state/releases/${APPLIED}/release.json`, 'run/health.json', 'run/vrrp-states.json'],
    ])
      rewrite(path, withField)
    const lines = readFileSync(at('state/timeline.jsonl'), 'utf8').trim().split('\n')
    writeFileSync(
      at('state/timeline.jsonl'),
      lines.map((line) => `${JSON.stringify(withField(JSON.parse(line)))}\n`).join(''),
    )
  }

  function drains() {
    return createDrains(at('state/drains.json'), { now: Date.now, onEnd: () => undefined, troubles })
  }

  function suspended() {
    return createSuspensions(at('state/suspension.json'), { now: Date.now, onEnd: () => undefined, troubles })
  }
})

/** Not into a map by names of VIPs: there every key is a name. */
function withField(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withField)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([key, part]) => [key, withField(part)])
  const isMap = Object.keys(value).join() === 'v'
  return { ...Object.fromEntries(fields), ...(isMap ? {} : { later: true }) }
}

/** Every field with such a name gets the new value. */
function deepWith(value: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((part) => deepWith(part, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, key in values ? values[key] : deepWith(part, values)]),
  )
}

function stringsOfRelease() {
  return { release: '', revision: '', subject: '', author: '', stage: '', reason: '' }
}
