import { constants, existsSync, fstatSync, lstatSync, openSync, readSync, rmdirSync, unlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import { describeFailure, exec, succeeded } from '../exec.ts'

export type VrrpState = 'MASTER' | 'BACKUP' | 'FAULT'

/** One line of keepalived's notify FIFO. `stopped`: the instance is gone with its keepalived or from its file. */
export type VrrpEvent =
  | { kind: 'state'; instance: string; state: VrrpState; priority: number }
  | { kind: 'priority'; instance: string; state: 'MASTER' | 'BACKUP'; priority: number }
  | { kind: 'stopped'; instance: string }

/** What the kernel keeps for a reader (pipe(7)). */
const FIFO_BYTES = 65_536

/**
 * One open end; `inode` says whether a path still leads to it. `backlog`: lines that were written while nobody read, as long
 * as a keepalived had the FIFO open.
 */
export type FifoEnd = { inode: number; backlog: readonly string[]; close(): void }

/**
 * Makes the FIFO unless it is there. keepalived unlinks a FIFO that it made itself at every reload and stop; one that
 * exists beforehand stays, so that this end of it stays good (2.2.7, lib/notify.c).
 */
export async function makeFifo(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isFIFO() === true) return
  if (found?.isDirectory() === true) rmdirSync(path)
  else if (found !== undefined) unlinkSync(path)
  const made = await exec('mkfifo', ['-m', '0640', path], { timeoutMs: 2_000 })
  if (!succeeded(made) && !existsSync(path)) throw new Error(`mkfifo ${path}: ${describeFailure(made)}`)
}

/** Reads what waits at once, and then lines until closed. */
export function openFifo(path: string, onLine: (line: string) => void): FifoEnd {
  // Read and write, so that there is no end of file between two keepaliveds.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  const inode = fstatSync(fd).ino
  const backlog = readWaiting(fd).split('\n')
  let rest = backlog.pop() ?? ''
  const socket = new Socket({ fd, readable: true, writable: false })
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  // The FIFO never ends while this end is open.
  socket.on('error', () => undefined)
  return { inode, backlog, close: () => socket.destroy() }
}

function readWaiting(fd: number): string {
  const buffer = Buffer.alloc(FIFO_BYTES)
  let text = ''
  try {
    for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer))
      text += buffer.toString('utf8', 0, size)
  } catch {
    // EAGAIN: nothing waits any more.
  }
  return text
}

/** `INSTANCE "api" MASTER 254`. Groups and unknown words give undefined. */
export function parseFifoLine(line: string): VrrpEvent | undefined {
  const match = /^INSTANCE "([^"]+)" (\w+) (\d+)$/.exec(line)
  if (match === null) return undefined
  const [, instance = '', word, number] = match
  const priority = Number(number)
  switch (word) {
    case 'MASTER':
    case 'BACKUP':
    case 'FAULT':
      return { kind: 'state', instance, state: word, priority }
    case 'MASTER_PRIORITY':
      return { kind: 'priority', instance, state: 'MASTER', priority }
    case 'BACKUP_PRIORITY':
      return { kind: 'priority', instance, state: 'BACKUP', priority }
    case 'STOP':
    case 'DELETED':
      return { kind: 'stopped', instance }
    default:
      return undefined
  }
}
