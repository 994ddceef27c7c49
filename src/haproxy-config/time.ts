const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `10s`, `5000`, `1m` in milliseconds: a number alone is milliseconds (configuration.txt §2.5). undefined: it is no time. */
export function parseTimeMs(text: string): number | undefined {
  const [, digits, unit = 'ms'] = /^(\d{1,12})(us|ms|s|m|h|d)?$/.exec(text) ?? []
  const factor = UNIT_MS[unit]
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}
