import { fork } from 'node:child_process'
import type { Release } from '../apply/release.ts'
import type { StageResult } from '../apply/stage-record.ts'
import { CLEAN_ENV, lowerPriority } from '../exec.ts'
import { builtProgram } from '../program.ts'
import type { Revision } from './release-of-revision.ts'

export type Preparation = {
  parsed(): Promise<StageResult<void>>
  /** After `parsed` went well. */
  proven(): Promise<StageResult<void>>
  /** After `proven` went well. */
  rendered(): Promise<StageResult<Release>>
  /** Ends the process, whatever it does. */
  close(): void
}

/** The largest cluster takes a tenth of a second; the worst lb.yaml that may be read (256 KiB), some seconds. */
const DEADLINE_MS = 20_000
const MAX_HEAP_MB = 512

/**
 * Parses lb.yaml, proves it and renders this node's files in a process of their own. What a commit can make slow or large (YAML,
 * templates) does not hold up the probe, and its memory is given back: a thread's was not, and stayed a fifth of the agent.
 */
export function prepare(revision: Revision, signal: AbortSignal): Preparation {
  const child = fork(builtProgram().bundle, ['prepare-release'], {
    execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
    env: CLEAN_ENV,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const results: unknown[] = []
  let ended: string | undefined
  let wake: (() => void) | undefined
  const end = (reason: string): void => {
    ended ??= reason
    wake?.()
  }
  child.on('message', (result) => {
    results.push(result)
    wake?.()
  })
  child.on('error', (error) => end(`the process that reads it failed: ${error.message}`))
  child.on('close', (code, signal) => end(`the process that reads it ended without a result (${signal ?? code})`))
  // One that could not be started (EMFILE) has no pid to be killed by.
  const kill = (): void => {
    if (child.pid !== undefined) child.kill('SIGKILL')
  }
  const deadline = setTimeout(() => {
    end(`reading it took more than ${DEADLINE_MS / 1000} s, and was given up`)
    kill()
  }, DEADLINE_MS)
  lowerPriority(child.pid)
  // How the process ended says more than that it could not be written to.
  if (child.pid !== undefined) child.send(revision, () => undefined)
  const onAbort = (): void => {
    end('the agent was told to end')
    kill()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const next = async <T>(): Promise<StageResult<T>> => {
    for (;;) {
      const result = results.shift()
      if (result !== undefined) return result as StageResult<T>
      if (ended !== undefined) return { kind: 'failed', reason: ended, rejects: false }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    parsed: () => next<void>(),
    proven: () => next<void>(),
    rendered: () => next<Release>(),
    close: () => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', onAbort)
      kill()
    },
  }
}
