import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLive } from '../../src/serve/live.ts'

type Value = { holder: string; age: number }

test('a listener is told at once what is new, and nothing twice or unsure; while nobody listens nothing is read', async () => {
  let holder: string | undefined = 'one'
  let reads = 0
  const read = async (): Promise<Value | undefined> => {
    reads += 1
    return holder === undefined ? undefined : { holder, age: reads }
  }
  const live = createLive(read, (value) => value.holder)
  const server = createServer((_, response) => live.connect(response.writeHead(200)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const told: string[] = []
  try {
    live.poke()
    await sleep(150)
    assert.equal(reads, 0)
    const { body } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const reading = (async () => {
      for await (const chunk of body ?? []) {
        const { holder } = JSON.parse(
          Buffer.from(chunk)
            .toString('utf8')
            .replace(/^data: /, ''),
        ) as Value
        told.push(holder)
      }
    })()
    await sleep(300)
    holder = undefined
    await sleep(200)
    holder = 'two'
    await sleep(300)
    live.close()
    await reading
    assert.deepEqual(told, ['one', 'two'])
  } finally {
    live.close()
    server.close()
    server.closeAllConnections()
  }
})
