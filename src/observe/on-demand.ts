import { type Answer, ageOf, type Fact, factOf, freshOrUnknown } from './observer.ts'

/** What could not be had may be there soon. */
const RETRY_MS = 1_000
/** The longest interval of scrapes that is usual, and more. */
const WANTED_FOR_MS = 300_000

/**
 * A fact that is looked at only while somebody asks: the answer never waits, it is what the last look gave. Looks begin with
 * the first question and are repeated every `everyMs` until nobody has asked for five minutes, so that the fact is no older
 * for whoever asks seldom. What is older than `staleAfterMs` is unknown.
 */
export function onDemand<T>(options: {
  read(): Promise<Answer<T>>
  everyMs: number
  staleAfterMs: number
  /** Whether what it was seen of is still there; if not, it is unknown and looked at again. */
  stillTrue?(value: T): boolean
}): () => Fact<T> {
  const { stillTrue = () => true } = options
  let fact: Fact<T> = { kind: 'unknown', reason: 'not asked yet', steadyMs: performance.now() }
  let askedAt = Number.NEGATIVE_INFINITY
  let next: NodeJS.Timeout | undefined
  let looking = false

  const look = async (): Promise<void> => {
    looking = true
    clearTimeout(next)
    fact = factOf(
      await options.read().catch((error: Error) => ({ kind: 'unavailable', reason: error.message }) as const),
    )
    looking = false
    next = setTimeout(() => {
      if (fact.kind === 'known' && performance.now() - askedAt < WANTED_FOR_MS) void look()
    }, options.everyMs)
    // It keeps no agent alive that ends.
    next.unref()
  }
  return () => {
    askedAt = performance.now()
    if (fact.kind === 'known' && !stillTrue(fact.value))
      fact = { kind: 'unknown', reason: 'what was seen has ended', steadyMs: fact.steadyMs }
    const isFirst = next === undefined
    const isDue = ageOf(fact) > (fact.kind === 'known' ? options.everyMs : Math.min(RETRY_MS, options.everyMs))
    if (!looking && (isFirst || isDue)) void look()
    return freshOrUnknown(fact, options.staleAfterMs)
  }
}
