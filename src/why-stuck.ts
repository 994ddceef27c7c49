import type { Parts } from './parts.ts'
import type { Schedule } from './schedule.ts'

const LOOK_WITHIN_MS = 10_000
/** Every stage of a pass has its own deadline; together they stay below this. */
const PASS_WITHIN_MS = 600_000

/** Why this agent does not get on, for the watchdog that then ends it; undefined while it does. Daemons that are down are no reason. */
export function whyStuck({ health, config }: Pick<Parts, 'health' | 'config'>, schedule: Schedule): string | undefined {
  const patienceMs = LOOK_WITHIN_MS + 2 * config.health.everyMs + config.health.timeoutMs
  if (health.expectation() !== undefined && (health.lookAgeMs() ?? 0) > patienceMs)
    return 'it has not looked at HAProxy'
  if (schedule.busyForMs() > PASS_WITHIN_MS) return 'a pass does not come to its end'
  return undefined
}
