import { setTimeout as sleep } from 'node:timers/promises'
import type { Units } from './daemon-parts.ts'

/** `lb-agent stop`: asked for while the agent works, carried out once it has ended its own. */
export type Stop = {
  /** Resolves when both daemons are stopped, rejects when one is not. */
  wanted(): Promise<void>
  /** The asker has its answer. */
  answered(): void
  /** Gives whether it was asked for. */
  carryOut(units: Units): Promise<boolean>
}

const ANSWERED_WITHIN_MS = 1_000

export function createStop(): Stop {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  let isWanted = false
  return {
    wanted: () => {
      isWanted = true
      return promise
    },
    answered: answer.resolve,
    carryOut: async (units) => {
      if (!isWanted) return false
      const reasons: string[] = []
      // keepalived first: it gives its VIPs away while HAProxy still serves them.
      for (const name of ['keepalived', 'haproxy'] as const) {
        const outcome = await units[name].stop(new AbortController().signal)
        if (outcome.kind === 'failed') reasons.push(outcome.reason)
      }
      if (reasons.length === 0) resolve()
      else reject(new Error(reasons.join('; ')))
      await Promise.race([answer.promise, sleep(ANSWERED_WITHIN_MS)])
      return true
    },
  }
}
