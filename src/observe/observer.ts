/** A fact and when it was true (epoch ms), or why it is not known. */
export type Fact<T> = { kind: 'known'; value: T; atMs: number } | { kind: 'unknown'; reason: string; atMs: number }

/** What a look at a daemon gives. */
export type Answer<T> = { kind: 'state'; state: T } | { kind: 'unavailable'; reason: string }

export function factOf<T>(answer: Answer<T>, atMs: number): Fact<T> {
  return answer.kind === 'state'
    ? { kind: 'known', value: answer.state, atMs }
    : { kind: 'unknown', reason: answer.reason, atMs }
}

export type Observer<T> = {
  latest(): Fact<T>
  /** Looks now, unless a look is under way. */
  refresh(): Promise<Fact<T>>
  close(): void
}

/**
 * Asks for a fact again and again, one question at a time. A fact that has grown older than `staleAfterMs` is shown as
 * unknown, never as the last good value.
 */
export function observe<T>(options: {
  read(): Promise<Answer<T>>
  everyMs: number
  staleAfterMs: number
  now(): number
  onFact(fact: Fact<T>): void
}): Observer<T> {
  const { now } = options
  let fact: Fact<T> = { kind: 'unknown', reason: 'not asked yet', atMs: now() }
  let looking: Promise<Fact<T>> | undefined
  let closed = false

  const look = async (): Promise<Fact<T>> => {
    const answer = await options.read()
    fact = factOf(answer, now())
    looking = undefined
    if (!closed) options.onFact(fact)
    return fact
  }
  const refresh = (): Promise<Fact<T>> => {
    looking ??= look()
    return looking
  }
  const timer = setInterval(() => void refresh(), options.everyMs)
  return {
    latest: () => {
      if (fact.kind === 'known' && now() - fact.atMs > options.staleAfterMs) {
        return { kind: 'unknown', reason: `last seen ${now() - fact.atMs} ms ago`, atMs: fact.atMs }
      }
      return fact
    },
    refresh,
    close: () => {
      closed = true
      clearInterval(timer)
    },
  }
}
