import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, uptime } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { missingForDaemons } from '../support/requirements.ts'

const LAUNCHER = join(import.meta.dirname, '../../src/launcher.sh')

// What keepalived counts as success although nothing was asked: "cannot execute" and "not found".
const FALSE_SUCCESS = [126, 127]

suite('lb-agent check', { skip: missingForDaemons(), timeout: 60_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent-check-'))
  const runtime = join(base, 'run')
  let haproxy: ChildProcess
  let port = 0
  before(async () => {
    mkdirSync(join(runtime, 'vrrp'), { recursive: true })
    port = await unusedPort()
    haproxy = await startHaproxy(base, port)
  })
  after(async () => {
    haproxy.kill('SIGKILL')
    if (haproxy.exitCode === null && haproxy.signalCode === null) await once(haproxy, 'exit')
    rmSync(base, { recursive: true, force: true })
  })

  const write = (heartbeat: string, gate: string): void => {
    writeFileSync(join(runtime, 'heartbeat'), heartbeat)
    writeFileSync(join(runtime, 'vrrp', 'gate'), gate)
  }
  const ask = (atPort = port): Promise<Answer> => check(['--runtime', runtime, '--health-port', String(atPort)])
  const now = (): string => `${uptime().toFixed(2)}\n`

  test('a gate that is looked after decides, whatever HAProxy does', async () => {
    write(now(), '1\n')
    assert.equal((await ask(1)).code, 0)
    write(now(), '0\n')
    assert.equal((await ask()).code, 1)
  })

  test('a gate that is closed for a moment only is no failure: keepalived would wait for two good checks', async () => {
    write(now(), '0\n')
    const asking = ask(1)
    await sleep(200)
    write(now(), '1\n')
    assert.equal((await asking).code, 0)
  })

  test('with a stale heartbeat, or none, HAProxy itself is asked', async () => {
    const late = `${(uptime() - 1.2).toFixed(2)}\n`
    const early = `${(uptime() + 60).toFixed(2)}\n`
    for (const heartbeat of [late, early, '1.00\n', '999999999.99\n', '']) {
      write(heartbeat, '0\n')
      assert.equal((await ask()).code, 0, heartbeat)
      write(heartbeat, '1\n')
      assert.equal((await ask(1)).code, 1, heartbeat)
    }
    rmSync(join(runtime, 'heartbeat'))
    assert.equal((await ask()).code, 0)
    const nowhere = await check(['--runtime', join(base, 'nowhere'), '--health-port', String(port)])
    assert.equal(nowhere.code, 0)
  })

  test('a stopped HAProxy, which still accepts connections, does not serve, and is found in about one second', async () => {
    write('1.00\n', '1\n')
    haproxy.kill('SIGSTOP')
    const { code, tookMs } = await ask()
    haproxy.kill('SIGCONT')
    assert.equal(code, 1)
    assert.ok(tookMs < 1_500, `took ${Math.round(tookMs)} ms`)
    await until('HAProxy answers again', 5_000, async () => (await ask()).code === 0)
  })

  test('files full of rubbish never count as a gate that is open', async () => {
    for (const rubbish of ['\0\0\0', 'x'.repeat(100_000), '$(exit 0)\n', '1 1\n', '-1\n', '\n\n1\n', "1';true\n"]) {
      write(now(), rubbish)
      assert.equal((await ask()).code, 1, JSON.stringify(rubbish.slice(0, 20)))
    }
    const trap = 'a[$(touch /tmp/lb-agent-check-trap)]'
    const numbers = ['08.00', '0x1.00', '1e9', '-1.00', '1.5.25', '1.', '.50', '1.005', `${'9'.repeat(40)}.00`, '0.00']
    for (const rubbish of [trap, `${trap}.00`, 'now', '\0\xff\xfe', '*', ...numbers, `1${'0'.repeat(100_000)}.00`]) {
      write(`${rubbish}\n`, '1\n')
      assert.equal((await ask(1)).code, 1, rubbish.slice(0, 40))
    }
    assert.equal((await exec('ls', ['/tmp/lb-agent-check-trap'], { timeoutMs: 2_000 })).kind, 'exited')
    assert.throws(() => readFileSync('/tmp/lb-agent-check-trap'))
  })

  test('a wrong call is a usage error with a sentence, and no call looks like a success that was none', async () => {
    const unknown = await check(['gate', 'x'])
    assert.deepEqual([unknown.code, unknown.said], [2, 'lb-agent check: gate is no option'])
    for (const args of [
      ['--runtime'],
      ['--health-port'],
      ['--health-port', 'x'],
      ['--health-port', '80;true'],
      ['x'],
    ]) {
      const { code } = await check(args)
      assert.equal(code, 2, args.join(' '))
    }
    for (const args of [
      ['--health-port', '0'],
      ['--health-port', '99999'],
      ['--runtime', '/dev/null'],
    ]) {
      const { code } = await check([
        ...args,
        ...(args[0] === '--runtime' ? ['--health-port', '1'] : ['--runtime', base]),
      ])
      assert.ok(code !== 0 && !FALSE_SUCCESS.includes(code), `${args.join(' ')}: ${code}`)
    }
  })

  test('what the keepalived.conf of a later version wants besides is passed over: a downgrade must not move a VIP', async () => {
    write(now(), '1\n')
    for (const more of [['--patience', '3'], ['--patience=3'], ['--quick']]) {
      const answer = await check(['--runtime', runtime, ...more, '--health-port', '1', ...more])
      assert.equal(answer.code, 0, more.join(' '))
      assert.match(answer.said, /^lb-agent check: option --\S+ is not known to this version$/m)
    }
  })

  test('a HAProxy that an agent was moving to another port is asked at both', async () => {
    const ports = join(runtime, 'health-ports')
    write('1.00\n', '0\n')
    writeFileSync(ports, `1 ${port}\n`)
    assert.equal((await ask(1)).code, 0)
    writeFileSync(ports, '1 2\n')
    assert.equal((await ask(1)).code, 1)
    assert.equal((await ask()).code, 0)
    for (const rubbish of ['', '\n', '$(touch /tmp/x) 1\n', '8405;1\n', '1'.repeat(5_000)]) {
      writeFileSync(ports, rubbish)
      assert.deepEqual([(await ask()).code, (await ask(1)).code], [0, 1], rubbish.slice(0, 20))
    }
    rmSync(ports)
  })

  test('no program is needed on PATH', async () => {
    write('1.00\n', '0\n')
    assert.equal((await check(['--runtime', runtime, '--health-port', String(port)], '/nonexistent')).code, 0)
    assert.equal((await check(['--runtime', runtime, '--health-port', '1'], '/nonexistent')).code, 1)
  })
})

type Answer = { code: number; said: string; tookMs: number }

async function check(args: readonly string[], path = process.env['PATH'] ?? ''): Promise<Answer> {
  const startedAt = performance.now()
  const result = await exec('/bin/bash', [LAUNCHER, 'check', ...args], { timeoutMs: 5_000, env: { PATH: path } })
  assert.equal(result.kind, 'exited', JSON.stringify(result))
  const code = result.kind === 'exited' ? result.code : -1
  return { code, said: result.stderr.trim(), tookMs: performance.now() - startedAt }
}

async function startHaproxy(directory: string, port: number): Promise<ChildProcess> {
  const file = join(directory, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend health
    bind 127.0.0.1:${port}
    http-request return status 200 content-type text/plain string alive if { path /alive }
    http-request return status 404
`,
  )
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  await until('HAProxy answers', 10_000, async () => {
    const answer = await check(['--runtime', join(directory, 'nowhere'), '--health-port', String(port)])
    return answer.code === 0
  })
  return child
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
