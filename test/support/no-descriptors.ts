import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { exec } from '../../src/exec.ts'

/** More than this process has open, so that what is left is soon used up. */
const LIMIT = 256

/** Does `work` while this process can open nothing more: no file, no socket, no child (EMFILE). */
export async function withoutDescriptors<T>(work: () => T | Promise<T>): Promise<T> {
  const before = await limit()
  await setLimit(LIMIT)
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE')
  }
  try {
    return await work()
  } finally {
    for (const descriptor of taken) closeSync(descriptor)
    await setLimit(before)
  }
}

/** The soft one. */
async function limit(): Promise<number> {
  return Number((await prlimit('--nofile', '--output=SOFT', '--noheadings', '--raw')).trim())
}

async function setLimit(descriptors: number): Promise<void> {
  await prlimit(`--nofile=${descriptors}:`)
}

async function prlimit(...args: readonly string[]): Promise<string> {
  const result = await exec('prlimit', [`--pid=${process.pid}`, ...args], { timeoutMs: 5_000 })
  assert.equal(result.kind === 'exited' ? result.code : result.kind, 0, result.stderr)
  return result.stdout.toString('utf8')
}
