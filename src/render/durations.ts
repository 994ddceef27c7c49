const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const

/** Milliseconds as HAProxy writes them: `4h`, `15m`, `1s`, `500ms`. */
export function haproxyDuration(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size && ms % size === 0)
  return unit === undefined ? `${ms}ms` : `${ms / unit[0]}${unit[1]}`
}

/** Milliseconds as keepalived wants its intervals: seconds with two decimals (VRRPv3 counts in 0.01 s). */
export function keepalivedSeconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}
