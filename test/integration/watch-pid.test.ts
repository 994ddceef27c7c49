import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { livingPid } from '../../src/daemons/pid-file.ts'
import { watchPid } from '../../src/daemons/watch-pid.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { withoutDescriptors } from '../support/no-descriptors.ts'
import { missingForDaemons } from '../support/requirements.ts'

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

suite('the watch of a pid file that cannot be looked at', () => {
  test('a daemon that lives has not died while no descriptor is left, and its end is told once there is one', async () => {
    await watched(true, async ({ events, kill, watch }) => {
      const pid = watch.pid()
      assert.notEqual(pid, undefined)
      await withoutDescriptors(async () => {
        await sleep(SEEN_WITHIN_MS)
        assert.deepEqual({ events, pid: watch.pid() }, { events: [], pid })
        await kill()
      })
      await sleep(SEEN_WITHIN_MS)
      assert.deepEqual({ events, pid: watch.pid() }, { events: ['died'], pid: undefined })
    })
  })

  test('a daemon that /proc hides has not died; its end is told all the same', {
    skip: missingForDaemons(),
  }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'lb-agent-hidepid-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const pidFile = join(directory, 'sleep.pid')
    // Of a user whom root sees by its capability alone (ptrace(2)), which the watch then lacks.
    const daemon = spawn('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'sleep', '60'])
    t.after(() => daemon.kill('SIGKILL'))
    writeFileSync(pidFile, `${daemon.pid}\n`)
    await until('the daemon has its name', 5_000, async () => livingPid(pidFile, 'sleep') !== undefined)

    const source = new URL('../../src/daemons/watch-pid.ts', import.meta.url)
    const program = `
      const { watchPid } = await import('${source}')
      const watch = watchPid({ pidFile: '${pidFile}', comm: 'sleep', onEvent: (what) => console.log(what) })
      console.log('watches', watch.pid())
      process.stdin.on('data', () => console.log('still', watch.pid()))`
    const watching = spawn('unshare', [
      ...['--mount', 'setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'],
      ...[process.execPath, '--input-type=module', '--eval', program],
    ])
    t.after(() => watching.kill('SIGKILL'))
    const lines: string[] = []
    watching.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString('utf8').trim().split('\n')))
    await until('the daemon is watched', 5_000, async () => lines.length > 0)

    const hide = ['--mount', 'mount', '-t', 'proc', '-o', 'hidepid=2', 'proc', '/proc']
    const hidden = await exec('nsenter', [`--target=${watching.pid}`, ...hide], { timeoutMs: 5_000 })
    assert.equal(hidden.kind === 'exited' ? hidden.code : hidden.kind, 0, hidden.stderr)
    await sleep(SEEN_WITHIN_MS)
    watching.stdin.write('?')
    await until('it says what it sees', 5_000, async () => lines.length > 1)
    daemon.kill('SIGKILL')
    await until('it tells the end', 5_000, async () => lines.length > 2)
    assert.deepEqual(lines, [`watches ${daemon.pid}`, `still ${daemon.pid}`, 'died'])
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
