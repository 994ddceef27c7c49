import { type Answer, type Fact, factOf } from './observer.ts'

/** What could not be had may be there soon. */
const RETRY_MS = 1_000

/**
 * A fact that is looked at only while somebody asks: the answer never waits, it is what the last look gave, and a new look
 * begins unless that one is young. What is older than `staleAfterMs` is unknown.
 */
export function onDemand<T>(options: {
  read(): Promise<Answer<T>>
  youngForMs: number
  staleAfterMs: number
  now(): number
}): () => Fact<T> {
  const { now } = options
  let fact: Fact<T> = { kind: 'unknown', reason: 'not asked yet', atMs: now() }
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking = false

  const look = async (): Promise<void> => {
    const answer = await options.read()
    fact = factOf(answer, now())
  }
  return () => {
    const ageMs = performance.now() - lookedAt
    const youngForMs = fact.kind === 'known' ? options.youngForMs : Math.min(RETRY_MS, options.youngForMs)
    if (!looking && ageMs > youngForMs) {
      looking = true
      void look()
        .catch((error: Error) => {
          fact = { kind: 'unknown', reason: error.message, atMs: now() }
        })
        .finally(() => {
          lookedAt = performance.now()
          looking = false
        })
    }
    if (fact.kind === 'known' && ageMs > options.staleAfterMs) {
      return { kind: 'unknown', reason: `last seen ${Math.round(ageMs)} ms ago`, atMs: fact.atMs }
    }
    return fact
  }
}
