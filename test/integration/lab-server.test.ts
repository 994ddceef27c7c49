import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { LabPort } from '../../src/drill/lab-server.ts'
import { fromSource } from './lab-fixture.ts'

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** PROXY, TCP over IPv4, 192.0.2.7:4000 to 198.51.100.1:80. */
const PROXIED = Buffer.concat([
  SIGNATURE,
  Buffer.from([0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 0x0f, 0xa0, 0, 80]),
])
/** LOCAL, as HAProxy's own checks send it. */
const LOCAL = Buffer.concat([SIGNATURE, Buffer.from([0x20, 0, 0, 0])])

suite('lab server', { timeout: 30_000 }, () => {
  test('answers its name and who asked, and keeps the connection', async (t) => {
    const port = await serve(t, { proxyProtocol: false, unauthorized: false })
    const answer = await talk(port, [get('/'), get('/', 'close')])
    assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 2)
    assert.match(answer, /\{"server":"alpha","client":"127\.0\.0\.1"/)
  })

  test('strips a PROXY header, also in pieces, and answers the address in it', async (t) => {
    const port = await serve(t, { proxyProtocol: true, unauthorized: false })
    for (const parts of [
      [PROXIED, get('/', 'close')],
      [Buffer.concat([PROXIED, Buffer.from(get('/', 'close'))])],
      [
        PROXIED.subarray(0, 5),
        PROXIED.subarray(5, 20),
        Buffer.concat([PROXIED.subarray(20), Buffer.from(get('/', 'close'))]),
      ],
    ]) {
      assert.match(await talk(port, parts), /HTTP\/1\.1 200[\s\S]*"server":"alpha","client":"192\.0\.2\.7"/)
    }
    assert.match(await talk(port, [LOCAL, get('/', 'close')]), /"client":"127\.0\.0\.1"/)
  })

  test('refuses a connection without the PROXY header that its service sends', async (t) => {
    const port = await serve(t, { proxyProtocol: true, unauthorized: false })
    assert.equal(await talk(port, [get('/')]), '')
  })

  test('answers 401 to /readyz over TLS, as K3s does, and 200 to all else', async (t) => {
    const port = await serve(t, { proxyProtocol: false, unauthorized: true })
    assert.match(await talkTls(port, get('/readyz', 'close')), /^HTTP\/1\.1 401/)
    assert.match(await talkTls(port, get('/', 'close')), /^HTTP\/1\.1 200/)
    assert.match(await talk(port, [get('/readyz', 'close')]), /^HTTP\/1\.1 200/)
  })

  test('speaks TLS behind a PROXY header', async (t) => {
    const port = await serve(t, { proxyProtocol: true, unauthorized: false })
    assert.match(await talkTls(port, get('/', 'close'), PROXIED), /"client":"192\.0\.2\.7"/)
  })

  test('ends when its standard input closes, and by SIGTERM', async (t) => {
    for (const end of ['stdin', 'SIGTERM'] as const) {
      const { child } = await start(t, { proxyProtocol: false, unauthorized: false })
      const ended = once(child, 'exit')
      if (end === 'stdin') child.stdin.destroy()
      else child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])
    }
  })
})

type Kind = Omit<LabPort, 'port'>

async function serve(t: TestContext, kind: Kind): Promise<number> {
  return (await start(t, kind)).port
}

async function start(t: TestContext, kind: Kind) {
  const directory = mkdtempSync(join(tmpdir(), 'lab-server-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const [keyFile, certificateFile] = [join(directory, 'key'), join(directory, 'crt')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=lab',
      '-keyout',
      keyFile,
      '-out',
      certificateFile,
    ],
    { stdio: 'ignore' },
  )
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const options = { name: 'alpha', ports: [{ port, ...kind }], keyFile, certificateFile }
  const child = spawn(fromSource.node, [fromSource.bundle, 'lab-server', JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  assert.equal(String((await once(child.stdout, 'data'))[0]), 'ready\n')
  return { child, port }
}

function get(path: string, connection = 'keep-alive'): string {
  return `GET ${path} HTTP/1.1\r\nHost: lab\r\nConnection: ${connection}\r\n\r\n`
}

/** Sends the parts one by one and gives all that comes back until the server closes. */
async function talk(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const answer = collect(socket)
  for (const part of parts) {
    socket.write(part)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  return answer
}

async function talkTls(port: number, request: string, before?: Buffer): Promise<string> {
  const plain = connect({ port, host: '127.0.0.1' })
  if (before !== undefined) plain.write(before)
  const socket = connectTls({ socket: plain, rejectUnauthorized: false })
  const answer = collect(socket)
  socket.write(request)
  return answer
}

async function collect(socket: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  await new Promise((resolve) => socket.on('close', resolve))
  return text
}
