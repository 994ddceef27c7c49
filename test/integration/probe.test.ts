import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProbe } from '../../src/health/probe.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nalive'

/** Nobody listens at port 1. */
const REFUSES_FIRST = (port: number): readonly number[] => [1, port]
const REFUSES_LAST = (port: number): readonly number[] => [port, 1]

suite('the probe', { concurrency: true }, () => {
  test('a kept-alive connection that closes is no miss while a new one is answered', async () => {
    const seen = await probed(450, (socket) => {
      socket.on('data', () => socket.write(ANSWER))
      setTimeout(() => socket.end(), 70)
    })
    assert.deepEqual([...new Set(seen.kinds)], ['answered'])
    assert.ok(seen.connections > 1)
  })

  test('a reset without an answer is missed, and a port that then refuses is found at once', async () => {
    const seen = await probed(300, (socket, close) => {
      socket.once('data', () => {
        socket.resetAndDestroy()
        close()
      })
    })
    assert.deepEqual(seen.kinds.slice(0, 2), ['missed', 'refused'])
    assert.ok(!seen.kinds.includes('answered'))
  })

  test('a process that accepts and never answers is missed, again and again', async () => {
    const seen = await probed(500, (socket) => void socket.resume())
    assert.deepEqual([...new Set(seen.kinds)], ['missed'])
    assert.ok(seen.kinds.length >= 2)
  })

  test('a server that closes after every answer, or instead of one, is asked only so often', async () => {
    const after = await probed(1_000, (socket) => socket.once('data', () => socket.end(ANSWER)))
    const instead = await probed(1_000, (socket) => socket.once('data', () => socket.destroy()))
    assert.deepEqual([...new Set(after.kinds)], ['answered'])
    assert.deepEqual([...new Set(instead.kinds)], ['missed'])
    // Ten intervals, each with the look itself and at most six more.
    for (const { connections } of [after, instead]) assert.ok(connections > 5 && connections <= 80, `${connections}`)
  })

  test('of two ports one that answers is enough, wherever the first one is', async () => {
    const answers = (socket: Socket): void => void socket.on('data', () => socket.write(ANSWER))
    for (const others of [REFUSES_FIRST, REFUSES_LAST]) {
      const seen = await probed(450, answers, others)
      assert.deepEqual([...new Set(seen.kinds)], ['answered'])
      assert.equal(seen.connections, 1)
    }
  })

  test('of two ports nobody listens only if both say so, and one that does not answer is missed', async () => {
    const refused = await probed(
      250,
      (socket, close) => {
        socket.destroy()
        close()
      },
      REFUSES_FIRST,
    )
    assert.equal(refused.kinds.at(-1), 'refused')
    const hangs = await probed(600, (socket) => void socket.resume(), REFUSES_LAST)
    assert.deepEqual([...new Set(hangs.kinds)], ['missed'])
  })
})

/** What a probe every 100 ms told within `forMs` of a server that does `serve` with each connection. */
async function probed(
  forMs: number,
  serve: (socket: Socket, close: () => void) => void,
  portsOf = (port: number): readonly number[] => [port],
): Promise<{ kinds: string[]; connections: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket, () => server.close())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const kinds: string[] = []
  const probe = startProbe({
    everyMs: 100,
    timeoutMs: 150,
    onAnswer: () => undefined,
    onEvent: ({ kind }) => kinds.push(kind),
  })
  probe.setPorts(portsOf(port))
  await sleep(forMs)
  probe.close()
  server.close()
  for (const socket of sockets) socket.destroy()
  return { kinds, connections: sockets.size }
}
