import { readFileSync } from 'node:fs'

/**
 * Milliseconds of a clock that all processes of this boot share and that nobody sets (CLOCK_MONOTONIC): what must last
 * over a restart of the agent is counted by it, so that a jump of the wall clock ends nothing early.
 */
export function bootMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/**
 * Changes with every boot (random(4)); times of another boot's clock mean nothing. Read once: it is asked for in timers,
 * also while no descriptor is left.
 */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return known
}

let known: string | undefined
