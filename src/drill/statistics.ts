/** One request of the client; times in ms of its own monotonic clock. `failure` is undefined when it succeeded. */
export type Attempt = {
  startedAt: number
  endedAt: number | undefined
  failure: string | undefined
  server: string | undefined
}

/** The failure of a request that was given up at its deadline. */
export const TOO_LATE = 'no answer within 1 s'

/**
 * What a client saw of one target in a window. `longestGapMs`: the longest time between two answers, or between an answer
 * and an edge of the window; `silentMs`: since the last answer at the end of the window. `firstFailure`: why the first request failed that did; `failures`: how often each cause.
 */
export type Window = {
  sent: number
  failed: number
  longestGapMs: number
  silentMs: number
  firstFailure: string | null
  failures: Readonly<Record<string, number>>
  servers: Readonly<Record<string, number>>
}

/** Sums up the attempts of a window that began at `from` and ended at `until`. */
export function summarize(attempts: readonly Attempt[], from: number, until: number): Window {
  const succeeded = attempts.filter(({ failure }) => failure === undefined)
  const failed = attempts.filter(({ failure }) => failure !== undefined)
  const answers = succeeded.flatMap(({ endedAt }) => (endedAt === undefined ? [] : [endedAt]))
  const last = answers.reduce((latest, answer) => Math.max(latest, answer), from)
  return {
    sent: attempts.length,
    failed: failed.length,
    longestGapMs: longestGap(answers, from, until),
    silentMs: Math.max(0, Math.round(10 * (until - last)) / 10),
    firstFailure: failed[0]?.failure ?? null,
    failures: countBy(failed.map(({ failure }) => failure ?? '')),
    servers: countBy(succeeded.map(({ server }) => server ?? '')),
  }
}

/** The longest stretch of the window without one of `times`, its edges included, in ms with one decimal. */
export function longestGap(times: readonly number[], from: number, until: number): number {
  const inside = times.filter((time) => time >= from && time <= until).sort((a, b) => a - b)
  let longest = 0
  let last = from
  for (const time of [...inside, until]) {
    longest = Math.max(longest, time - last)
    last = time
  }
  return Math.round(10 * longest) / 10
}

/** The value below which `percent` of the values lie (nearest rank); 0 of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
