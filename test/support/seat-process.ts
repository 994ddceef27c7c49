import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Asked, Told } from './seat.ts'

/** The test that started this gives up after 10 s. */
const WITHIN_MS = 9_000
const EVERY_MS = 10

// Sits in the client's namespace and asks what it is told to, one JSON line for each.
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await ask(JSON.parse(line)))}\n`)

async function ask({ url, until }: Asked): Promise<Told> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const told = await get(url)
    if (until.every((line) => told.text.includes(`\n${line}\n`)) || performance.now() > deadline) return told
    await sleep(EVERY_MS)
  }
}

async function get(url: string): Promise<Told> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    const text = await response.text()
    return { status: response.status, text, atMs: Date.now() }
  } catch (error) {
    return { status: 0, text: (error as Error).message, atMs: Date.now() }
  }
}
