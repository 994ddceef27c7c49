/** A whole number as keepalived takes it (2.2.7, read_unsigned_func()): decimal, with blanks or + before; empty is 0. */
export function unsignedIn(text: string, least: number, most: number): number | undefined {
  return /^\s*(?:\+?\d+)?$/.test(text) ? within(Number(text.trim()), least, most) : undefined
}

/** The same with a sign (read_int_func()). */
export function integerIn(text: string, least: number, most: number): number | undefined {
  return /^\s*(?:[+-]?\d+)?$/.test(text) ? within(Number(text.trim()), least, most) : undefined
}

/**
 * A decimal with at most six places (read_decimal_unsigned_func()), times 1,000: seconds become milliseconds. With more places it is
 * refused.
 */
export function millisecondsIn(text: string, least: number, most: number): number | undefined {
  if (!/^\s*\+?\d*(?:\.\d{0,6})?$/.test(text)) return undefined
  const micro = Math.round(Number(`0${text.trim().replace('+', '')}`) * 1_000_000)
  return within(micro / 1_000, least, most)
}

/** on, true, yes and off, false, no (check_true_false()). */
export function booleanIn(text: string): boolean | undefined {
  if (text === 'true' || text === 'on' || text === 'yes') return true
  if (text === 'false' || text === 'off' || text === 'no') return false
  return undefined
}

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined
}
