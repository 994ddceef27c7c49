import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir, uptime } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { missingForDaemons } from '../support/requirements.ts'

const SHELLS = ['/bin/dash', '/bin/bash', '/bin/busybox'].filter((file) => existsSync(file))

// Mounts of its own, as on a machine that lacks these things.
const WITHOUT = {
  bash: 'mount --bind /dev/null /bin/bash; { [ -L /bin ] || mount --bind /dev/null /usr/bin/bash; }',
  proc: 'mount -t tmpfs none /proc',
  dev: 'mount -t tmpfs none /dev',
} as const

/** What surrounds the launcher may be damaged; the answer is still 0, 1 or 2, and never a success that nobody saw. */
suite('lb-agent check in odd surroundings', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent odd '))
  const launcher = join(base, 'lb-agent')
  const runtime = join(base, 'run dir')
  let serving: Server
  let port = 0
  before(async () => {
    mkdirSync(join(runtime, 'vrrp'), { recursive: true })
    copyFileSync(join(import.meta.dirname, '../../src/launcher.sh'), launcher)
    chmodSync(launcher, 0o755)
    serving = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(serving, 'listening')
    port = (serving.address() as AddressInfo).port
  })
  after(() => {
    serving.close()
    rmSync(base, { recursive: true, force: true })
  })

  const write = (heartbeat: string | undefined, gate: string): void => {
    if (heartbeat === undefined) rmSync(join(runtime, 'heartbeat'), { recursive: true, force: true })
    else writeFileSync(join(runtime, 'heartbeat'), heartbeat)
    writeFileSync(join(runtime, 'vrrp', 'gate'), gate)
  }
  const fresh = (): string => `${uptime().toFixed(2)}\n`
  const args = (atPort = port): string[] => ['check', '--runtime', runtime, '--health-port', String(atPort)]
  const answer = async (command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> => {
    const [file = '', ...rest] = command
    const result = await exec(file, rest, { timeoutMs: 10_000, env: { ...env, STARTED_BY: base } })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    return result.kind === 'exited' ? result.code : -1
  }
  const without = (things: readonly (keyof typeof WITHOUT)[], atPort = port): Promise<number> => {
    const mounts = things.map((thing) => WITHOUT[thing]).join(' && ')
    const script = `${mounts} && exec "$0" "$@"`
    return answer(['unshare', '-m', 'sh', '-c', script, launcher, ...args(atPort)], { PATH: process.env['PATH'] ?? '' })
  }

  for (const shell of SHELLS) {
    test(`${shell} as sh gives the same answers, also without PATH and HOME and with a trap in the environment`, async () => {
      const sh = join(base, 'sh')
      rmSync(sh, { force: true })
      symlinkSync(shell, sh)
      const trap = join(base, 'trap')
      writeFileSync(trap, 'exit 0\n')
      const odd = { BASH_ENV: trap, ENV: trap, IFS: '1', LC_ALL: 'C.UTF-8' }
      for (const env of [{}, odd]) {
        write(fresh(), '1\n')
        assert.equal(await answer([sh, launcher, ...args(1)], env), 0)
        write(fresh(), '0\n')
        assert.equal(await answer([sh, launcher, ...args()], env), 1)
        write('1.00\n', '0\n')
        assert.equal(await answer([sh, launcher, ...args()], env), 0)
        assert.equal(await answer([sh, launcher, ...args(1)], env), 1)
      }
    })
  }

  test('closed standard streams change no answer', async () => {
    const closed = (atPort: number): Promise<number> =>
      answer(['/bin/sh', '-c', 'exec "$0" "$@" <&- >&- 2>&-', launcher, ...args(atPort)])
    write(fresh(), '1\n')
    assert.equal(await closed(1), 0)
    write('1.00\n', '1\n')
    assert.equal(await closed(port), 0)
    assert.equal(await closed(1), 1)
  })

  test('a heartbeat or a gate that is no file counts as none', async () => {
    write(undefined, '1\n')
    const fifo = join(runtime, 'heartbeat')
    assert.equal(await answer(['/usr/bin/mkfifo', fifo]), 0)
    assert.equal(await answer([launcher, ...args()]), 0)
    rmSync(fifo)
    mkdirSync(fifo)
    assert.equal(await answer([launcher, ...args(1)]), 1)
    write(undefined, '1\n')
    write(fresh(), '1\n')
    rmSync(join(runtime, 'vrrp', 'gate'))
    assert.equal(await answer([launcher, ...args()]), 1)
  })

  test('without /proc or /dev HAProxy cannot be asked, and that is no reason to move', async () => {
    write(fresh(), '1\n')
    assert.equal(await without(['proc']), 0)
    assert.equal(await without(['dev']), 0)
    write(fresh(), '0\n')
    assert.equal(await without(['dev']), 1)
  })

  test('without bash only a HAProxy that is known to be gone counts as one that does not serve', async () => {
    const pidFile = join(runtime, 'haproxy.pid')
    write('1.00\n', '1\n')
    for (const [pid, code] of [
      [String(process.pid), 0],
      // Empty while HAProxy reloads.
      ['', 0],
      ['rubbish', 0],
      ['-1', 0],
      ['9'.repeat(30), 0],
      ['4194304', 1],
    ] as const) {
      writeFileSync(pidFile, `${pid}\n`)
      assert.equal(await without(['bash'], 1), code, pid)
    }
    rmSync(pidFile)
    write(fresh(), '0\n')
    assert.equal(await without(['bash']), 1)
  })

  test('an answer that is none, late or cut off is a no, and no process is left', async () => {
    write('1.00\n', '1\n')
    for (const [name, onSocket] of [
      ['silent', () => undefined],
      ['closed', (socket: Socket) => socket.destroy()],
      ['reset', (socket: Socket) => socket.resetAndDestroy()],
      ['503', (socket: Socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n')],
      ['no line end', (socket: Socket) => socket.write('HTTP/1.1 200')],
      ['endless', (socket: Socket) => socket.write('x'.repeat(1_000_000))],
      ['zeros', (socket: Socket) => socket.end(Buffer.alloc(100))],
    ] as const) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        onSocket(socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const startedAt = performance.now()
      assert.equal(await answer([launcher, ...args((server.address() as AddressInfo).port)]), 1, name)
      assert.ok(performance.now() - startedAt < 1_500, `${name}: ${performance.now() - startedAt} ms`)
      server.close()
    }
    await noneLeft(base)
  })

  test('a HAProxy that is stopped with a full backlog is found in about one second, and no process is left', async () => {
    const stopped = await startDeaf(base)
    const waiting: Socket[] = []
    try {
      // Two fit in; the others wait for their second SYN.
      for (let count = 0; count < 8; count += 1) {
        const socket = connect(stopped.port, '127.0.0.1')
        socket.on('error', () => undefined)
        waiting.push(socket)
      }
      await until('the backlog is full', 5_000, async () => waiting.filter(({ connecting }) => connecting).length > 2)
      write('1.00\n', '1\n')
      const startedAt = performance.now()
      assert.equal(await answer([launcher, ...args(stopped.port)]), 1)
      assert.ok(performance.now() - startedAt < 1_500, `took ${performance.now() - startedAt} ms`)
      await noneLeft(base)
    } finally {
      for (const socket of waiting) socket.destroy()
      stopped.process.kill('SIGKILL')
      await once(stopped.process, 'exit')
    }
  })
})

/** A HAProxy that accepts nothing, with room for two connections. */
async function startDeaf(directory: string): Promise<{ process: ChildProcess; port: number }> {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const file = join(directory, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend health
    bind 127.0.0.1:${port} backlog 1
    http-request return status 200
`,
  )
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  await until('HAProxy listens', 10_000, async () => {
    const socket = connect(port, '127.0.0.1')
    const [open] = await Promise.race([
      once(socket, 'connect').then(() => [true]),
      once(socket, 'error').then(() => [false]),
    ]).catch(() => [false])
    socket.destroy()
    return open === true
  })
  child.kill('SIGSTOP')
  return { process: child, port }
}

/** The process that asks must not outlive the check. */
async function noneLeft(startedBy: string): Promise<void> {
  await until('no process of the check is left', 2_000, async () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .every((pid) => !environmentOf(pid).includes(`STARTED_BY=${startedBy}`)),
  )
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}
