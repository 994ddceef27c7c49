import { existsSync } from 'node:fs'
import type { Logger } from 'pino'
import { cleanText } from '../clean-text.ts'
import { CLEAN_ENV, describeFailure, exec, succeeded } from '../exec.ts'
import { TOLD_MS, type Troubles } from '../troubles.ts'
import { type BoundedQueue, createBoundedQueue } from './bounded-queue.ts'
import { findHooks } from './find-hooks.ts'
import type { Move } from './notice.ts'

export type Hooks = {
  /** Runs the hooks of the state that the VIP has now; returns at once. */
  run(move: Move): void
  /** Ends those that run. */
  close(): void
}

export type HookOptions = {
  directory: string
  timeoutMs: number
  node: string
  troubles: Pick<Troubles, 'raise' | 'clear'>
  log: Logger
}

const WAITING_PER_VIP = 16
const MAX_OUTPUT_BYTES = 64 * 1024
const LOGGED_LINES = 5
const LONGEST_VALUE = 1_000

/**
 * Runs what a person wants done when a VIP changes its state: hooks of one VIP one after the other, each with a deadline.
 * Nothing waits for them.
 */
export function createHooks(options: HookOptions): Hooks {
  const { log, troubles } = options
  const queues = new Map<string, BoundedQueue<Move>>()
  const ending = new AbortController()

  const runAll = async (move: Move): Promise<void> => {
    const found = findHooks(options.directory, move.to)
    if (found.refused.length > 0) {
      troubles.raise(`hooks ${move.to}`, `not run: ${found.refused.join('; ')}`, {
        stands: () => findHooks(options.directory, move.to).refused.length > 0,
      })
      log.error({ about: `hooks ${move.to}`, refused: found.refused }, 'hooks are not safe to run')
    } else troubles.clear(`hooks ${move.to}`)
    for (const file of found.files) {
      if (!ending.signal.aborted) await runOne(file, move)
    }
  }
  const runOne = async (file: string, move: Move): Promise<void> => {
    const startedAt = performance.now()
    const result = await exec(file, [], {
      timeoutMs: options.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal: ending.signal,
      cwd: '/',
      env: { ...CLEAN_ENV, ...variables(options.node, move) },
    })
    const fields = {
      ...{
        about: `hook ${file}`,
        hook: file,
        vip: move.vip,
        state: move.to,
        durationMs: Math.round(performance.now() - startedAt),
      },
      output: firstLines(`${result.stdout.toString('utf8')}\n${result.stderr}`),
    }
    if (succeeded(result)) {
      troubles.clear(`hook ${file}`)
      log.info(fields, 'hook ended')
    } else if (result.kind !== 'aborted') {
      const why = describeFailure(result)
      const text = `hook ${file} for ${move.vip} ${move.to}: ${why}; the VIP does not depend on it`
      troubles.raise(`hook ${file}`, text, { forMs: TOLD_MS, stands: () => existsSync(file) })
      log.error({ ...fields, reason: why }, 'hook failed')
    }
  }
  const queueOf = (vip: string): BoundedQueue<Move> => {
    const known = queues.get(vip)
    if (known !== undefined) return known
    const key = `hooks of ${vip}`
    const queue = createBoundedQueue<Move>({
      size: WAITING_PER_VIP,
      work: runAll,
      onDrop: (move) => {
        troubles.raise(
          key,
          `hooks of VIP ${vip} are too slow: more than ${WAITING_PER_VIP} changes wait, the oldest are left out`,
        )
        log.error({ about: key, vip, state: move.to }, 'hooks of a change are left out')
      },
      onEmpty: () => troubles.clear(key),
    })
    queues.set(vip, queue)
    return queue
  }
  return {
    run: (move) => queueOf(move.vip).push(move),
    close: () => {
      ending.abort()
      for (const queue of queues.values()) queue.close()
    },
  }
}

function variables(node: string, move: Move): Record<string, string> {
  const values = {
    LB_AGENT_NODE: node,
    LB_AGENT_VIP: move.vip,
    LB_AGENT_ADDRESS: move.address,
    LB_AGENT_STATE: move.to,
    LB_AGENT_PREVIOUS_STATE: move.from,
    LB_AGENT_PRIORITY: String(move.priority),
    LB_AGENT_REASON: move.reason,
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.replace(/\p{Cc}+/gu, ' ').slice(0, LONGEST_VALUE)]),
  )
}

function firstLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.slice(0, LOGGED_LINES).map((line) => cleanText(line))
}
