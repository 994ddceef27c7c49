import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { type ApplyOptions, applyRelease, type Daemon } from '../../src/apply/apply-release.ts'
import { openStateFiles } from '../../src/apply/apply-state.ts'
import { readLivePair } from '../../src/apply/live-files.ts'
import { digestsOf, foreignRelease, type Release, releaseId } from '../../src/apply/release.ts'
import { createRecorder, ok } from '../../src/apply/stage-record.ts'
import { whatRuns } from '../../src/apply/what-runs.ts'
import { writtenKeepalived } from '../support/written-keepalived.ts'

const NOT_ABORTED = new AbortController().signal

suite('an apply', () => {
  let directory: string
  let done: string[]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-apply-'))
    done = []
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  const options = async (
    from: Release,
    to: Release,
    confirm: (daemon: string, release: Release) => ReturnType<Daemon['confirm']>,
  ): Promise<ApplyOptions> => {
    const daemon = (name: string): Daemon => ({
      prepare: async () => undefined,
      reloadOrStart: async () => {
        done.push(`reload ${name}`)
        return { kind: 'done' }
      },
      confirm: async (release) => {
        done.push(`confirm ${name}: ${release.id}`)
        return confirm(name, release)
      },
      stop: async () => {
        done.push(`stop ${name}`)
        return { kind: 'done' }
      },
    })
    return {
      ...{ from, to, revision: to.revision, attempts: 1, drops: [], now: () => 5 },
      live: { haproxy: join(directory, 'haproxy.cfg'), keepalived: join(directory, 'keepalived.conf') },
      state: await openStateFiles(directory),
      daemons: { haproxy: daemon('haproxy'), keepalived: daemon('keepalived') },
      handOver: {
        begin: async (drops) => {
          done.push(...drops.map(({ vip, why }) => `drain ${vip}: ${why}`))
          return ok(undefined, '')
        },
        end: () => undefined,
      },
      watch: async () => ({ kind: 'done' }),
      onServing: () => undefined,
      record: createRecorder(
        () => 5,
        (words) => words,
        () => undefined,
      ),
    }
  }

  test('that fails lets a daemon whose file was edited read the old release as well, and gives away what it drops', async () => {
    const [from, to] = [release('a'), release('b')]
    const failing = await options(from, to, async (_, { id }) =>
      id === to.id ? { kind: 'failed', reason: 'a port is taken' } : { kind: 'done' },
    )
    writeFileSync(failing.live.haproxy, from.files.haproxy)
    writeFileSync(failing.live.keepalived, writtenKeepalived({ id: 99 }))
    const runs = whatRuns(from, await readLivePair(failing.live))
    const result = await applyRelease({ ...failing, from: { ...from, digests: runs.digests }, runs }, NOT_ABORTED)
    assert.deepEqual(result, {
      kind: 'rolled back',
      stage: 'confirm haproxy',
      reason: 'a port is taken',
      rejects: true,
    })
    assert.deepEqual(done, [
      'reload haproxy',
      `confirm haproxy: ${to.id}`,
      'drain v: its virtual router id changes from 99 to 7',
      'reload haproxy',
      `confirm haproxy: ${from.id}`,
      'reload keepalived',
      `confirm keepalived: ${from.id}`,
    ])
    assert.deepEqual(await readLivePair(failing.live), from.files)
  })

  test('that is interrupted because the agent is told to end counts no death', async () => {
    const [from, to] = [release('a'), release('b')]
    const ending = new AbortController()
    const told = await options(from, to, async () => {
      ending.abort()
      return { kind: 'done' }
    })
    assert.deepEqual(await applyRelease({ ...told, attempts: 2 }, ending.signal), { kind: 'interrupted' })
    assert.deepEqual(await told.state.readJournal(), {
      from: from.id,
      to: to.id,
      revision: to.revision,
      startedAtMs: 5,
      attempts: 1,
    })
  })
})

function release(haproxy: string): Release {
  const files = { haproxy, keepalived: writtenKeepalived({}) }
  const digests = digestsOf(files)
  return {
    ...{ id: releaseId('a'.repeat(40), digests), revision: 'a'.repeat(40), digests, files },
    ...{ expectation: foreignRelease(files).expectation, renderedBy: '0.0.0', node: 'one', foreign: false },
  }
}
