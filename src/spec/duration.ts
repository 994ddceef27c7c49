const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const UNITS = ['d', 'h', 'm', 's', 'ms'] as const

/** A whole number and a unit. Milliseconds have no fraction, so no value is rounded. */
export const DURATION = /^\d{1,9}(?:ms|s|m|h|d)$/

/** `4h` -> 14400000. The text matches `DURATION`. */
export function parseDurationMs(text: string): number {
  const unit =
    UNITS.find((candidate) => text.endsWith(candidate) && (candidate !== 's' || !text.endsWith('ms'))) ?? 'ms'
  return Number.parseInt(text, 10) * UNIT_MS[unit]
}

/** 14400000 -> `4h`: the largest unit that needs no fraction. HAProxy writes its times the same way. */
export function formatDuration(ms: number): string {
  const unit = UNITS.find((candidate) => ms !== 0 && ms % UNIT_MS[candidate] === 0) ?? 'ms'
  return `${ms / UNIT_MS[unit]}${unit}`
}
