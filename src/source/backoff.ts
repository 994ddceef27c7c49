const LONGEST_MS = 5 * 60_000
const SHORTEST_MS = 1_000

/**
 * How long to wait before the next fetch. After a success: `everyMs`. After the n-th failure in a row: full jitter (AWS
 * Architecture Blog, "Exponential Backoff And Jitter"), evenly spread up to `everyMs` · 2^(n-1), at most 5 minutes (or
 * `everyMs`, if that is longer), at least 1 s. `random` gives 0 ≤ x < 1.
 */
export function nextDelayMs({
  failures,
  everyMs,
  random,
}: {
  failures: number
  everyMs: number
  random(): number
}): number {
  if (failures <= 0) return everyMs
  const longestMs = Math.max(LONGEST_MS, everyMs)
  const ceilingMs = Math.min(longestMs, everyMs * 2 ** Math.min(failures - 1, 30))
  return Math.max(Math.min(SHORTEST_MS, everyMs), Math.round(random() * ceilingMs))
}
