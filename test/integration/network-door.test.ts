import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { createAccess } from '../../src/serve/access.ts'
import { serveNetwork } from '../../src/serve/network.ts'

suite('what the network may read', () => {
  let server: Server
  let port = 0
  const errors: string[] = []
  let asked = 0
  before(async () => {
    server = await serveNetwork({
      host: '127.0.0.1',
      port: 0,
      names: ['lb1'],
      streams: {},
      access: createAccess(undefined, { onSecrets: () => undefined, onTrouble: () => undefined }),
      certificate: undefined,
      onCertificate: () => undefined,
      onError: ({ message }) => errors.push(message),
      routes: {
        '/metrics': async () => ({ contentType: 'text/plain', body: 'up 1\n' }),
        '/slow': async () => {
          asked += 1
          await new Promise((resolve) => setTimeout(resolve, 300))
          return { contentType: 'text/plain', body: 'slow' }
        },
        '/broken': async () => {
          throw new Error('secret of the inside')
        },
      },
    })
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    port = address.port
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })

  /** Sends bytes as they are; gives all that comes back until the connection ends or nothing comes for a while. */
  const raw = (bytes: string, waitMs = 300): Promise<string> =>
    new Promise((resolve) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
      socket.setTimeout(waitMs, () => socket.destroy())
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1')
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })
  const statusOf = async (bytes: string): Promise<string> => (await raw(bytes)).split(' ', 2)[1] ?? 'nothing'
  const get = (path: string, host = `127.0.0.1:${port}`): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

  test('answers GET and HEAD with headers that forbid everything else', async () => {
    const answer = await raw(get('/metrics'))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(answer, /\r\ncontent-security-policy: default-src 'none'/)
    assert.match(answer, /\r\nx-content-type-options: nosniff\r\n/)
    assert.doesNotMatch(answer, /access-control|server:|x-powered-by/i)
    assert.match(answer, /\r\n\r\nup 1\n$/)
    assert.match(await raw(get('/metrics').replace('GET', 'HEAD')), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s)
  })

  test('a name that is not ours is refused, so that no web page can read this through its own name', async () => {
    for (const host of ['lb1', 'LB1:9853', 'localhost:1', '10.0.0.1', '[fd00::1]:9853'])
      assert.equal(await statusOf(get('/metrics', host)), '200', host)
    for (const host of ['evil.example', 'lb1.evil.example', '', '127.0.0.1.evil.example', 'localhost.'])
      assert.equal(await statusOf(get('/metrics', host)), '421', host)
  })

  test('what is not a read of a known path is refused, and nothing of the inside is told', async () => {
    for (const path of [
      '/',
      '/metrics/',
      '/metricsx',
      '/../etc/passwd',
      '/%2e%2e/etc/passwd',
      '/__proto__',
      '/constructor',
    ])
      assert.equal(await statusOf(get(path)), '404', path)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])
      assert.equal(await statusOf(get('/metrics').replace('GET', method)), '405', method)
    const broken = await raw(get('/broken'))
    assert.match(broken, /^HTTP\/1\.1 500 /)
    assert.doesNotMatch(broken, /secret/)
    assert.deepEqual(errors, ['secret of the inside'])
  })

  test('a thousand malformed requests, and it still answers', async () => {
    const nonsense = [
      'GET\r\n\r\n',
      '\0\0\0\0\r\n\r\n',
      'GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n',
      'GET /metrics HTTP/1.1\r\n\r\n',
      `GET /metrics HTTP/1.1\r\nHost: lb1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: lb1\r\n\r\n`,
      'GET /metrics HTTP/1.1\r\nHost: lb1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET /metrics HTTP/1.1\r\nHost : lb1\r\n\r\n',
      'POST /metrics HTTP/1.1\r\nHost: lb1\r\nContent-Length: 99999999\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ]
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 10 }).flatMap(() => nonsense.map((bytes) => raw(bytes, 100))),
      )
      for (const answer of answers) assert.match(answer, /^(?:$|HTTP\/1\.1 (?:400|404|405|421|431) )/)
    }
    assert.equal(await statusOf(get('/metrics')), '200')
  })

  test('whoever sends nonsense and does not hang up loses the connection', async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write('nonsense\r\n\r\n'))
    socket.resume()
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.on('end', resolve))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    assert.equal(open, 0)
    socket.destroy()
  })

  test('a thousand questions in one packet are one question and a hang-up', async () => {
    asked = 0
    const answer = await raw(get('/slow').replace('Connection: close\r\n', '').repeat(1_000), 500)
    assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length ?? 0, 0)
    assert.equal(asked, 1)
    assert.equal(await statusOf(get('/metrics')), '200')
  })

  test('clients that do not take their answers leave room for others, up to a bound', async () => {
    const slow = Array.from({ length: 64 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write(get('/slow')))
      socket.on('error', () => undefined)
      return socket
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(await statusOf(get('/metrics')), '503')
    for (const socket of slow) socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(await statusOf(get('/metrics')), '200')
  })

  test('200 clients that send nothing to its end do not delay a read', async () => {
    const slow = Array.from({ length: 200 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.1\r\nHost: lb1\r\nX: '))
      socket.on('error', () => undefined)
      return socket
    })
    const startedAt = performance.now()
    assert.equal(await statusOf(get('/metrics')), '200')
    assert.ok(performance.now() - startedAt < 250)
    for (const socket of slow) socket.destroy()
  })
})
