import type { Parts } from './parts.ts'
import type { Schedule } from './schedule.ts'

const LOOK_WITHIN_MS = 10_000
/** Every stage of a pass has its own deadline; together they stay below this. */
const PASS_WITHIN_MS = 600_000

/** Why this agent does not get on, for the watchdog that then ends it; undefined while it does. Daemons that are down are no reason. */
export function whyStuck(parts: Pick<Parts, 'health' | 'config' | 'now'>, schedule: Schedule): string | undefined {
  const { health, config } = parts
  const lookedAtMs = health.lookedAtMs()
  const patienceMs = LOOK_WITHIN_MS + 2 * config.health.everyMs + config.health.timeoutMs
  // A jump of the clock is no standstill; the next look comes soon after it.
  const ageMs = lookedAtMs === undefined ? 0 : Math.abs(parts.now() - lookedAtMs)
  if (health.expectation() !== undefined && ageMs > patienceMs) return 'it has not looked at HAProxy'
  if (schedule.busyForMs() > PASS_WITHIN_MS) return 'a pass does not come to its end'
  return undefined
}
