import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createAccess } from '../../src/serve/access.ts'
import { readCertificate } from '../../src/serve/certificate.ts'
import { serveNetwork } from '../../src/serve/network.ts'
import { createCertificate } from '../support/certificate.ts'
import { agentPid, type Cluster, startCluster, statusOf, verb } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

const ENDPOINTS = ['/', '/metrics', '/api/v1/status', '/api/v1/events'] as const

/** Runs in the client's namespace: sends bytes as they are, over TLS, and prints how often each status came back, and what it said. */
const ABUSE = `
  import { connect } from 'node:tls'
  const [port, endpoint, good] = [9853, process.argv[1], process.argv[2]]
  const head = (line, host = 'one', more = '') => line + '\\r\\nHost: ' + host + '\\r\\n' + more
  const auth = 'Authorization: ' + good + '\\r\\n'
  const kinds = {
    'no credentials': head('GET ' + endpoint + ' HTTP/1.1') + '\\r\\n',
    'bad credentials': head('GET ' + endpoint + ' HTTP/1.1', 'one', 'Authorization: Basic eDp5\\r\\n') + '\\r\\n',
    'credentials twice': head('GET ' + endpoint + ' HTTP/1.1', 'one', 'Authorization: Bearer x\\r\\n' + auth) + '\\r\\n',
    'method': head('DELETE ' + endpoint + ' HTTP/1.1', 'one', auth) + '\\r\\n',
    'traversal': head('GET ' + endpoint + '/../../../etc/lb-agent/agent.yaml HTTP/1.1', 'one', auth) + '\\r\\n',
    'host': head('GET ' + endpoint + ' HTTP/1.1', 'evil.example', auth) + '\\r\\n',
    'huge header': head('GET ' + endpoint + ' HTTP/1.1', 'one', auth + 'X: ' + 'a'.repeat(20000) + '\\r\\n') + '\\r\\n',
    'nonsense': '\\x00\\x01\\x02 ' + endpoint + '\\r\\n\\r\\n',
    'slow body': head('POST ' + endpoint + ' HTTP/1.1', 'one', auth + 'Content-Length: 1000000\\r\\n') + '\\r\\nx',
    'half a head, then nobody': head('GET ' + endpoint + ' HTTP/1.1', 'one', 'X: '),
  }
  const send = (bytes, patienceMs) => new Promise((resolve) => {
    let text = ''
    const socket = connect({ port, host: '10.9.0.1', rejectUnauthorized: false }, () => socket.write(bytes, 'latin1'))
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.includes('\\r\\n\\r\\n')) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
  const seen = {}
  for (let round = 0; round < 4; round += 1)
    await Promise.all(Object.entries(kinds).map(async ([kind, bytes]) => {
      for (const text of await Promise.all(Array.from({ length: 25 }, () => send(bytes, kind === 'half a head, then nobody' ? 300 : 8000)))) {
        const status = text.split(' ', 2)[1] ?? 'hung up'
        seen[kind] ??= {}
        seen[kind][status] = (seen[kind][status] ?? 0) + 1
        if (/agent\\.yaml|10\\.9\\.|MASTER|stack|node:/.test(text)) seen.leak = text
      }
    }))
  console.log(JSON.stringify(seen))
`

/** Begins a request, and then only listens: longer than the server should. */
const HALF_A_HEAD = `
  import { connect } from 'node:tls'
  let text = ''
  let closedBy = 'client'
  const startedAt = performance.now()
  const socket = connect({ port: 9853, host: '10.9.0.1', rejectUnauthorized: false }, () => {
    socket.write('GET ' + process.argv[1] + ' HTTP/1.1\\r\\nHost: one\\r\\nX: ')
  })
  socket.setTimeout(20_000, () => socket.destroy())
  socket.on('data', (chunk) => { text += chunk.toString('latin1') })
  socket.on('end', () => { closedBy = 'server' })
  socket.on('error', (error) => { text += error.message })
  socket.on('close', () => console.log(JSON.stringify({ text, closedBy, ms: performance.now() - startedAt })))
`
type Half = { text: string; closedBy: string; ms: number }

/** One request with credentials, or without; `slow`: while so many others never come to the end of theirs. */
const ASK = `
  import { connect } from 'node:tls'
  import { request } from 'node:https'
  const [path, authorization, slow] = process.argv.slice(1)
  const others = await Promise.all(Array.from({ length: Number(slow) }, () => new Promise((resolve) => {
    const socket = connect({ port: 9853, host: '10.9.0.1', rejectUnauthorized: false }, () => {
      socket.write('GET /metrics HTTP/1.1\\r\\nHost: one\\r\\nX: ')
      resolve(socket)
    })
    socket.on('error', () => undefined)
  })))
  const ask = () => new Promise((resolve, reject) => {
    const headers = authorization === '' ? {} : { authorization }
    const startedAt = performance.now()
    request({ host: '10.9.0.1', port: 9853, path, headers, rejectUnauthorized: false, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, text, ms: performance.now() - startedAt })
      })
    }).on('error', reject).end()
  })
  let quickest = await ask()
  for (let round = 0; round < 4; round += 1) {
    const next = await ask()
    if (next.ms < quickest.ms) quickest = next
  }
  console.log(JSON.stringify(quickest))
  for (const socket of others) socket.destroy()
`
type Answer = { status: number; headers: Record<string, string>; text: string; ms: number }

suite('the network, with credentials and TLS', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-network-'))
  const token = 'Bearer correct-horse'
  const password = `Basic ${Buffer.from('lb:battery staple').toString('base64')}`
  let cluster: Cluster
  before(async () => {
    const { certificate, key } = await createCertificate(directory, 'pair', ['DNS:one', 'DNS:two'])
    writeFileSync(join(directory, 'token'), 'correct-horse\n')
    writeFileSync(join(directory, 'password'), 'battery staple\n')
    cluster = await startCluster(
      undefined,
      `http:
  listen: "0.0.0.0:9853"
  auth:
    basic: { user: lb, password: { file: ${directory}/password } }
    bearer: { file: ${directory}/token }
  tls: { certificate: ${certificate}, key: ${key} }`,
    )
  })
  after(async () => {
    await cluster.close()
    rmSync(directory, { recursive: true })
  })

  const inClient = async (script: string, ...args: readonly string[]): Promise<unknown> => {
    const argv = [process.execPath, '--input-type=module', '-e', script, ...args]
    return JSON.parse(await inNamespace(cluster.lab.network.namespace('.client'), argv, 60_000))
  }
  const ask = async (path: string, authorization = '', slow = 0) =>
    (await inClient(ASK, path, authorization, String(slow))) as Answer

  test('nobody reads anything without them, and hears nothing but that', async () => {
    for (const path of [...ENDPOINTS, '/nowhere']) {
      const { status, headers, text } = await ask(path)
      assert.deepEqual({ status, text }, { status: 401, text: 'unauthorized\n' }, path)
      assert.equal(headers['www-authenticate'], 'Basic realm="lb-agent", charset="UTF-8", Bearer realm="lb-agent"')
    }
    for (const authorization of [token, password]) {
      const { status, text } = await ask('/metrics', authorization)
      assert.equal(status, 200)
      assert.match(text, /^lb_agent_gate_open 1$/m)
    }
  })

  test('the nodes still know of each other, and the command line needs no credentials', async () => {
    const { code, said } = await verb(cluster.one, 'status', '--cluster')
    assert.equal(code, 0, said)
    assert.match(said, /^● all is well on 2 nodes\n/)
    await until('the peer counts as up', 15_000, async () =>
      /^lb_agent_peer_up\{peer="two"\} 1$/m.test((await ask('/metrics', token)).text),
    )
  })

  test('a thousand malformed requests to each endpoint: the right status, nothing told, and the agent goes on', async () => {
    const pid = agentPid(cluster.one)
    for (const endpoint of ENDPOINTS) {
      const seen = await inClient(ABUSE, endpoint, token)
      assert.deepEqual(
        seen,
        {
          'no credentials': { 401: 100 },
          'bad credentials': { 401: 100 },
          'credentials twice': { 401: 100 },
          method: { 405: 100 },
          traversal: { 404: 100 },
          host: { 421: 100 },
          'huge header': { 431: 100 },
          nonsense: { 400: 100 },
          'slow body': { 405: 100 },
          'half a head, then nobody': { 'hung up': 100 },
        },
        endpoint,
      )
    }
    assert.equal(agentPid(cluster.one), pid)
    const status = await statusOf(cluster.one)
    assert.ok(status.headline.well, status.headline.text)
  })

  test('who never comes to the end of a head is told so after 5 s, and hung up on', async () => {
    const seen = await Promise.all(ENDPOINTS.map((endpoint) => inClient(HALF_A_HEAD, endpoint)))
    for (const { text, closedBy, ms } of seen as Half[]) {
      assert.deepEqual(
        { text, closedBy },
        { text: 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', closedBy: 'server' },
      )
      assert.ok(ms > 4_900 && ms < 15_000, `${ms} ms`)
    }
  })

  test('200 clients that never come to the end of their request do not delay a scrape', async () => {
    const { status, ms } = await ask('/metrics', token, 200)
    assert.equal(status, 200)
    assert.ok(ms < 250, `the quickest of five scrapes took ${ms} ms`)
  })

  test('a password file that is gone lets nobody in, and status says so', async () => {
    const file = join(directory, 'token')
    rmSync(file)
    assert.equal((await ask('/metrics', token)).status, 401)
    assert.equal((await ask('/metrics', password)).status, 200)
    assert.match(
      (await statusOf(cluster.one)).headline.text,
      /^some who should may not read status and metrics: a secret cannot be read: http\.auth\.bearer: ENOENT/,
    )
    writeFileSync(file, 'correct-horse\n')
    assert.equal((await ask('/metrics', token)).status, 200)
    assert.ok((await statusOf(cluster.one)).headline.well)
  })
})

test('whoever connects and never begins the handshake of TLS keeps no place', { timeout: 30_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-handshake-'))
  const files = await createCertificate(directory, 'one', ['DNS:one'])
  const server = await serveNetwork({
    ...{ host: '127.0.0.1', port: 0, names: [], routes: {}, streams: {} },
    access: createAccess(undefined, { onSecrets: () => undefined, onTrouble: () => undefined }),
    certificate: readCertificate({ ...files, authority: files.certificate }),
    onCertificate: () => undefined,
    onError: (error) => assert.fail(error),
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.resume()
  socket.on('error', () => undefined)
  const open = (): Promise<number> => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
  await until('it counts', 5_000, async () => (await open()) === 1)
  await until('it counts no more', 15_000, async () => (await open()) === 0)
  socket.destroy()
  server.close()
  rmSync(directory, { recursive: true })
})
