import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { openStateFiles } from '../../src/apply/apply-state.ts'
import { foreignRelease } from '../../src/apply/release.ts'
import { createReleaseStore, ReleaseUnreadable } from '../../src/apply/release-store.ts'
import { createSuspensions, type Suspensions } from '../../src/apply/suspension.ts'
import { createTroubles } from '../../src/troubles.ts'
import { createWords } from '../../src/words.ts'

const STATE = {
  applied: { release: 'r', revision: 'a'.repeat(40), atMs: 1 },
  previous: null,
  rejected: [],
}

suite('the files of what is applied and suspended', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-apply-'))
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  test('what is applied is known without the disk, once it is durable, and over a restart', async () => {
    const state = await openStateFiles(directory)
    assert.equal(state.current().applied, null)
    const writing = state.writeState(STATE)
    assert.equal(state.current().applied, null)
    await writing
    assert.deepEqual(state.current(), STATE)
    assert.deepEqual((await openStateFiles(directory)).current(), STATE)
  })

  test('a state that cannot be written changes nothing', async () => {
    const state = await openStateFiles(directory)
    await state.writeState(STATE)
    rmSync(directory, { recursive: true })
    await assert.rejects(state.writeState({ ...STATE, previous: 'p' }))
    assert.deepEqual(state.current(), STATE)
    mkdirSync(directory)
  })

  test('a damaged state is no empty one: its file is named', async () => {
    const file = join(directory, 'state.json')
    writeFileSync(file, '{"applied": nul')
    await assert.rejects(openStateFiles(directory), { message: /^\S+\/state\.json cannot be read: .*JSON/ })
    writeFileSync(file, '{"applied": null}')
    await assert.rejects(openStateFiles(directory), { message: /^\S+\/state\.json cannot be read: previous: / })
  })

  test('a release that is missing or damaged is none, and one that the file system does not give is no such thing', async () => {
    const releases = join(directory, 'releases')
    const store = createReleaseStore(releases)
    const release = foreignRelease({ haproxy: 'a', keepalived: 'b' })
    assert.equal(await store.get(release.id), undefined)
    await store.put(release)
    const record = join(releases, release.id, 'release.json')
    const whole = readFileSync(record)
    writeFileSync(record, whole.subarray(0, 20))
    assert.equal(await store.get(release.id), undefined)
    rmSync(record)
    mkdirSync(record)
    await assert.rejects(
      store.get(release.id),
      new ReleaseUnreadable(
        `release ${release.id} in ${releases} cannot be read: EISDIR: illegal operation on a directory, read`,
      ),
    )
    rmSync(record, { recursive: true })
    writeFileSync(record, whole)
    assert.deepEqual(await store.get(release.id), release)
    rmSync(store.path(release.id, 'keepalived'))
    assert.equal(await store.get(release.id), undefined)
  })

  test('what a release is to do is known without the disk, as it was put, amended or found', async () => {
    const store = createReleaseStore(join(directory, 'releases'))
    const release = foreignRelease({ haproxy: 'a', keepalived: 'b' })
    assert.equal(store.expectation(release.id), undefined)
    await store.put(release)
    assert.deepEqual(store.expectation(release.id), release.expectation)
    const amended = { ...release, expectation: { ...release.expectation, failbackMs: 5 } }
    await store.amend(amended)
    assert.equal(store.expectation(release.id)?.failbackMs, 5)
    // One that is there already is left alone, and so is what is known of it.
    await store.put(release)
    assert.equal(store.expectation(release.id)?.failbackMs, 5)

    const successor = createReleaseStore(join(directory, 'releases'))
    assert.equal(successor.expectation(release.id), undefined)
    await successor.get(release.id)
    assert.equal(successor.expectation(release.id)?.failbackMs, 5)
    rmSync(join(directory, 'releases'), { recursive: true })
    assert.equal(successor.expectation(release.id)?.failbackMs, 5)
  })

  for (const [what, damage] of [
    ['that is damaged', (file: string) => writeFileSync(file, '{"since": 17')],
    ['that says something else', (file: string) => writeFileSync(file, '[]')],
    ['that cannot be read', (file: string) => symlinkSync(file, file)],
  ] as const) {
    test(`a suspension ${what} stands, and is a trouble until somebody ends it or suspends anew`, async () => {
      const file = join(directory, 'suspension.json')
      damage(file)
      const { suspensions, troubles } = createSuspended(file)
      try {
        assert.deepEqual(
          [suspensions.current()?.until, suspensions.current()?.reason],
          [null, `${file} cannot be read`],
        )
        assert.match(
          troubles
            .list()
            .map(({ text }) => text)
            .join('\n'),
          /^\S+\/suspension\.json cannot be read: .+; this node stays suspended, as it may have been: lb-agent resume ends that$/,
        )
        if (what === 'that is damaged') await suspensions.begin({ forMs: 60_000, reason: 'anew' })
        else await suspensions.end()
        assert.equal(suspensions.current()?.reason, what === 'that is damaged' ? 'anew' : undefined)
        assert.deepEqual(troubles.list(), [])
      } finally {
        suspensions.close()
      }
    })
  }

  test('without a file nothing is suspended', () => {
    const { suspensions, troubles } = createSuspended(join(directory, 'suspension.json'))
    assert.equal(suspensions.current(), undefined)
    assert.deepEqual(troubles.list(), [])
    suspensions.close()
  })

  test('a suspension holds from the moment that it is asked for, and no longer when it cannot be remembered', async () => {
    const { suspensions } = createSuspended(join(directory, 'nowhere', 'suspension.json'))
    const beginning = suspensions.begin({ forMs: undefined, reason: 'at once' })
    assert.equal(suspensions.current()?.reason, 'at once')
    await assert.rejects(beginning)
    assert.equal(suspensions.current(), undefined)
    suspensions.close()
  })

  test('a suspension that begins while another one ends stands, also for the next agent', async () => {
    const file = join(directory, 'suspension.json')
    const { suspensions } = createSuspended(file)
    await suspensions.begin({ forMs: undefined, reason: 'before' })
    const [ended] = await Promise.all([suspensions.end(), suspensions.begin({ forMs: undefined, reason: 'anew' })])
    assert.equal(ended?.reason, 'before')
    assert.equal(suspensions.current()?.reason, 'anew')
    suspensions.close()
    const next = createSuspended(file)
    assert.equal(next.suspensions.current()?.reason, 'anew')
    next.suspensions.close()
  })

  test('a suspension that is ended while it begins is over, and ended once', async () => {
    const { suspensions } = createSuspended(join(directory, 'suspension.json'))
    const beginning = suspensions.begin({ forMs: undefined, reason: 'short' })
    const endings = [suspensions.end(), suspensions.end()]
    assert.equal((await beginning).reason, 'short')
    assert.deepEqual(
      (await Promise.all(endings)).map((ended) => ended?.reason),
      ['short', undefined],
    )
    assert.equal(suspensions.current(), undefined)
    suspensions.close()
  })

  test('a suspension that cannot be remembered brings back none that was ended meanwhile', async () => {
    const lost = join(directory, 'lost')
    mkdirSync(lost)
    const { suspensions } = createSuspended(join(lost, 'suspension.json'))
    await suspensions.begin({ forMs: undefined, reason: 'before' })
    const ending = suspensions.end()
    rmSync(lost, { recursive: true })
    await assert.rejects(suspensions.begin({ forMs: undefined, reason: 'anew' }), { code: 'ENOENT' })
    assert.equal((await ending)?.reason, 'before')
    assert.equal(suspensions.current(), undefined)
    suspensions.close()
  })
})

function createSuspended(file: string): { suspensions: Suspensions; troubles: ReturnType<typeof createTroubles> } {
  const troubles = createTroubles(
    Date.now,
    createWords((text) => text),
  )
  return { suspensions: createSuspensions(file, { now: Date.now, onEnd: () => undefined, troubles }), troubles }
}
