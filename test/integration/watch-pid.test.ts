import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchPid } from '../../src/daemons/watch-pid.ts'

/** More than one look. */
const SEEN_WITHIN_MS = 250

suite('the watch of a pid file', { concurrency: true }, () => {
  test('a daemon that runs is not told; its end is, and then the new one', async () => {
    await watched(true, async ({ events, start, kill }) => {
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, [])
      await kill()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, ['died'])
      start()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, ['died', 'started'])
    })
  })

  test('a first start is no death', async () => {
    await watched(false, async ({ events, start }) => {
      await sleep(SEEN_WITHIN_MS)
      start()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, ['started'])
    })
  })

  test('one that was replaced between two looks has died', async () => {
    await watched(true, async ({ events, start, kill }) => {
      await kill()
      start()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, ['died', 'started'])
    })
  })

  test('a pid file that is empty, gone or rubbish for a while is no death', async () => {
    await watched(true, async ({ events, pidFile }) => {
      for (const text of ['', '1\n', 'x']) {
        writeFileSync(pidFile, text)
        await sleep(SEEN_WITHIN_MS)
      }
      rmSync(pidFile)
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, [])
    })
  })

  test('an end that was asked for is no death, the next one is', async () => {
    await watched(true, async ({ events, start, kill, watch }) => {
      watch.expectEnd()
      await kill()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, [])
      start()
      await sleep(SEEN_WITHIN_MS)
      await kill()
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual(events, ['started', 'died'])
    })
  })
})

type Watched = {
  events: string[]
  pidFile: string
  watch: ReturnType<typeof watchPid>
  start(): void
  kill(): Promise<void>
}

async function watched(isRunning: boolean, work: (watched: Watched) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-watch-pid-'))
  const pidFile = join(directory, 'sleep.pid')
  let daemon: ChildProcess | undefined
  const start = (): void => {
    daemon = spawn('sleep', ['20'], { stdio: 'ignore' })
    writeFileSync(pidFile, `${daemon.pid}\n`)
  }
  const kill = async (): Promise<void> => {
    const ending = daemon
    daemon = undefined
    if (ending === undefined) return
    const ended = once(ending, 'exit')
    ending.kill('SIGKILL')
    await ended
  }
  if (isRunning) start()
  // Until then its name is still that of the program that forked it.
  await sleep(50)
  const events: string[] = []
  const watch = watchPid({ pidFile, comm: 'sleep', onEvent: (what) => events.push(what) })
  try {
    await work({ events, pidFile, watch, start, kill })
  } finally {
    watch.close()
    await kill()
    rmSync(directory, { recursive: true, force: true })
  }
}
