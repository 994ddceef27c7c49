import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { CLEAN_ENV } from '../exec.ts'

/**
 * nice(1) of clients and servers, which are other machines: what the balancers do must not take processor time from them.
 * Not a real-time class: a process that does not come to rest would then leave nothing to anybody else.
 */
const NICENESS = -15
const READY_WITHIN_MS = 15_000
const ANSWER_WITHIN_MS = 10_000

/** A helper process of the lab that talks in lines. It ends with its standard input. */
export type Child = {
  pid: number
  /** Sends a line and gives the next line that comes back. */
  ask(line: string): Promise<string>
  /** The next line that comes by itself. */
  nextLine(): Promise<string>
  /** Kills it; returns once it has ended. */
  close(): Promise<void>
}

/** Starts `argv` in a namespace, its errors into `logFile`. */
export function startChild(namespace: string, argv: readonly string[], logFile: string): Child {
  const errors = openSync(logFile, 'a')
  const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, ...argv], {
    stdio: ['pipe', 'pipe', errors],
    env: CLEAN_ENV,
  })
  closeSync(errors)
  if (child.pid !== undefined) setPriority(child.pid, NICENESS)
  const waiting: ((line: string | Error) => void)[] = []
  let failure: Error | undefined
  const lines: string[] = []
  const give = (line: string | Error): void => waiting.shift()?.(line)
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (waiting.length > 0) give(line)
      else lines.push(line)
    })
  }
  const ended = new Promise<void>((resolve) => {
    const end = (why: Error): void => {
      failure ??= why
      while (waiting.length > 0) give(failure)
      resolve()
    }
    child.on('exit', (code, signal) => end(new Error(`${argv.at(-2)} ended (${signal ?? code}); see ${logFile}`)))
    child.on('error', end)
  })
  child.stdin?.on('error', () => undefined)

  const next = (timeoutMs: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const line = lines.shift()
      if (line !== undefined) return resolve(line)
      if (failure !== undefined) return reject(failure)
      const settle = (answer: string | Error): void => {
        clearTimeout(timer)
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(settle), 1)
        reject(new Error(`${argv.at(-2)} gave no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      waiting.push(settle)
    })
  return {
    pid: child.pid ?? 0,
    nextLine: () => next(READY_WITHIN_MS),
    ask: (line) => {
      child.stdin?.write(`${line}\n`)
      return next(ANSWER_WITHIN_MS)
    },
    close: () => {
      child.stdin?.destroy()
      child.kill('SIGKILL')
      return ended
    },
  }
}
