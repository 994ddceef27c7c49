import type * as z from 'zod'
import type { troubleSchema } from './report/status-schema.ts'
import type { Words } from './words.ts'

/** Something that a person should mend, and that does not stop the agent's work. */
export type Trouble = z.infer<typeof troubleSchema>

/** When a trouble is over although nobody clears it: what is seldom tried would else be told for months. */
export type TroubleEnd = {
  /** This long after it was raised last. */
  forMs?: number
  /** Once this is false; asked whenever troubles are listed. */
  stands?(): boolean
}

export type Troubles = {
  /** The same key again replaces the text and keeps the time since when. */
  raise(key: string, text: string, end?: TroubleEnd): void
  clear(key: string): void
  /** Oldest first. */
  list(): readonly Trouble[]
}

/** What is not as it should be right now, for `status`: each part raises its own and clears it, or says when it is over. */
export function createTroubles(
  now: () => number,
  words: Words,
  steadyMs: () => number = () => performance.now(),
): Troubles {
  const raised = new Map<string, { trouble: Trouble; isOver(): boolean }>()
  const dropEnded = (): void => {
    for (const [key, { isOver }] of raised) if (isOver()) raised.delete(key)
  }
  return {
    raise: (key, text, { forMs = Number.POSITIVE_INFINITY, stands = () => true } = {}) => {
      dropEnded()
      const sinceMs = raised.get(key)?.trouble.sinceMs ?? now()
      // A clock that is set must neither end a trouble nor keep it.
      const endsAt = steadyMs() + forMs
      raised.set(key, { trouble: { key, text: words(text), sinceMs }, isOver: () => steadyMs() >= endsAt || !stands() })
    },
    clear: (key) => {
      raised.delete(key)
    },
    list: () => {
      dropEnded()
      return [...raised.values()].map(({ trouble }) => trouble)
    },
  }
}

/** Long enough to be seen by somebody who looks for what has just happened. */
export const TOLD_MS = 600_000
