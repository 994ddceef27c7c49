import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readOldWorkers } from '../../src/daemons/haproxy-processes.ts'
import { ask } from '../../src/daemons/haproxy-socket.ts'
import { readLoadedRelease } from '../../src/daemons/haproxy-state.ts'
import { livingPid } from '../../src/daemons/pid-file.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { missingForDaemons } from '../support/requirements.ts'

const NOBODY = 65_534
const TIMEOUT_MS = 1_000

const CONFIG = (directory: string): string => `
global
  stats socket ${directory}/stats.sock mode 666 level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend held
  bind unix@${directory}/held.sock
  default_backend held
backend held
  server one unix@${directory}/server.sock
`

suite('old workers of a real HAProxy', { skip: missingForDaemons(), timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-workers-'))
  const [masterSocket, stats, pidFile] = ['master.sock', 'stats.sock', 'pid'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  const server = createServer((socket) => socket.on('error', () => undefined))
  const held: Socket[] = []
  let end = async (): Promise<void> => undefined
  before(async () => {
    chmodSync(directory, 0o755)
    writeFileSync(join(directory, 'haproxy.cfg'), CONFIG(directory))
    server.listen(join(directory, 'server.sock'))
    const args = ['-W', '-f', join(directory, 'haproxy.cfg'), '-p', pidFile, '-S', `${masterSocket},mode,600`]
    const child = spawn('haproxy', args, { stdio: 'ignore' })
    end = async () => {
      child.kill('SIGTERM')
      await until('HAProxy ends', 10_000, async () => child.exitCode !== null || child.signalCode !== null)
    }
    await until('HAProxy answers', 10_000, async () => (await current()) !== undefined)
  })
  after(async () => {
    for (const socket of held) socket.destroy()
    await end()
    server.close()
    rmSync(directory, { recursive: true })
  })

  const current = async (): Promise<number | undefined> => {
    const answer = await readLoadedRelease(stats, TIMEOUT_MS)
    return answer.kind === 'answer' && answer.pid > 0 ? answer.pid : undefined
  }
  const asked = async (): Promise<unknown> => {
    const found = { master: livingPid(pidFile, 'haproxy'), current: await current() }
    return await readOldWorkers({ masterSocket, timeoutMs: TIMEOUT_MS, ...found })
  }
  /** What a user without rights is told, and what root is. */
  const byBoth = async (): Promise<unknown[]> => {
    process.seteuid?.(NOBODY)
    try {
      assert.deepEqual(await ask(masterSocket, 'show proc', TIMEOUT_MS), {
        kind: 'unavailable',
        reason: 'no permission for its socket',
      })
      const told = await asked()
      process.seteuid?.(0)
      return [told, await asked()]
    } finally {
      process.seteuid?.(0)
    }
  }
  const holdConnection = async (): Promise<void> => {
    const socket = connect(join(directory, 'held.sock'))
    held.push(socket)
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('connect', resolve))
  }
  const reload = async (): Promise<void> => {
    const before = await current()
    const told = async (withinMs: number): Promise<void> => {
      process.kill(livingPid(pidFile, 'haproxy') ?? 0, 'SIGUSR2')
      await until('another worker serves', withinMs, async () => {
        const pid = await current()
        return pid !== undefined && pid !== before && livingPid(pidFile, 'haproxy') !== undefined
      })
    }
    // A master that is just executing itself anew may miss the signal.
    await told(4_000).catch(() => told(10_000))
  }
  const bothSay = (oldWorkers: number): unknown[] => Array(2).fill({ kind: 'state', state: { oldWorkers } })

  test('an agent without rights counts them as root does', async () => {
    assert.deepEqual(await byBoth(), bothSay(0))
    for (const count of [1, 2]) {
      await holdConnection()
      await reload()
      assert.deepEqual(await byBoth(), bothSay(count))
    }
    for (const socket of held) socket.destroy()
    await until('they end', 10_000, async () => JSON.stringify(await asked()).includes('"oldWorkers":0'))
    assert.deepEqual(await byBoth(), bothSay(0))
  })

  test('what cannot be counted is not known', async () => {
    const question = { masterSocket: join(directory, 'none'), timeoutMs: TIMEOUT_MS }
    const unknown = { kind: 'unavailable', reason: 'its socket does not exist' }
    const master = livingPid(pidFile, 'haproxy')
    assert.deepEqual(await readOldWorkers({ ...question, master, current: undefined }), unknown)
    assert.deepEqual(await readOldWorkers({ ...question, master: undefined, current: 1 }), unknown)
    assert.deepEqual(await readOldWorkers({ ...question, master, current: process.pid }), unknown)
  })
})
