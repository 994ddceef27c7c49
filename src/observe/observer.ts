/**
 * A fact, or why it is not known, and when that was seen: by a clock that nobody sets (`performance.now()`), because a fact
 * does not grow old when the time of day is put right.
 */
export type Fact<T> =
  | { kind: 'known'; value: T; steadyMs: number }
  | { kind: 'unknown'; reason: string; steadyMs: number }

/** What a look at a daemon gives. */
export type Answer<T> = { kind: 'state'; state: T } | { kind: 'unavailable'; reason: string }

/** What has just been answered. */
export function factOf<T>(answer: Answer<T>): Fact<T> {
  const steadyMs = performance.now()
  return answer.kind === 'state'
    ? { kind: 'known', value: answer.state, steadyMs }
    : { kind: 'unknown', reason: answer.reason, steadyMs }
}

/** Whole milliseconds. */
export function ageOf({ steadyMs }: { steadyMs: number }): number {
  return Math.round(performance.now() - steadyMs)
}

/** The fact, or that it is unknown when it is older than `staleAfterMs`: it is never shown as the last good value. */
export function freshOrUnknown<T>(fact: Fact<T>, staleAfterMs: number): Fact<T> {
  if (fact.kind === 'unknown' || ageOf(fact) <= staleAfterMs) return fact
  return { kind: 'unknown', reason: `last seen ${ageOf(fact)} ms ago`, steadyMs: fact.steadyMs }
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
  onFact(fact: Fact<T>): void
}): Observer<T> {
  let fact: Fact<T> = { kind: 'unknown', reason: 'not asked yet', steadyMs: performance.now() }
  let looking: Promise<Fact<T>> | undefined
  let closed = false

  const look = async (): Promise<Fact<T>> => {
    const answer = await options.read()
    fact = factOf(answer)
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
    latest: () => freshOrUnknown(fact, options.staleAfterMs),
    refresh,
    close: () => {
      closed = true
      clearInterval(timer)
    },
  }
}
