import { type BootState, PULLED_IN_BY, pulledInBy } from '../at-boot.ts'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { showUnits } from '../show-units.ts'
import { done, failed, type StepResult } from './options.ts'

/** `startedAtMs`: when its main process was started, while it runs. */
export type UnitState = BootState & {
  unit: string
  load: string
  active: string
  startedAtMs: number | undefined
}

/** Those of the packages that run the agent, and those of the distribution that it works with. */
export const AGENT_UNITS: readonly string[] = ['lb-agent.service', 'lb-agent-drain.service']
export const DAEMON_UNITS: readonly string[] = ['haproxy.service', 'keepalived.service']

const WORKS_WITHIN_MS = 60_000

/** How systemd has these units, in their order. Empty where it cannot be asked. */
export async function unitsOf(units: readonly string[], signal: AbortSignal): Promise<UnitState[]> {
  const properties = ['LoadState', 'ActiveState', 'UnitFileState', 'ExecMainStartTimestampMonotonic', ...PULLED_IN_BY]
  const shown = await showUnits(units, properties, signal)
  if (shown.kind === 'failed') return []
  // Node's hrtime is CLOCK_MONOTONIC, as systemd's is.
  const bootedAtMs = Date.now() - Number(process.hrtime.bigint()) / 1e6
  return units.map((unit, index) => {
    const of = shown.units[index] ?? (() => '')
    const startedAfterBootMs = Number(of('ExecMainStartTimestampMonotonic')) / 1_000
    return {
      ...{ unit, load: of('LoadState'), active: of('ActiveState'), file: of('UnitFileState') },
      pulledInBy: pulledInBy(of),
      startedAtMs: startedAfterBootMs > 0 ? bootedAtMs + startedAfterBootMs : undefined,
    }
  })
}

export function isActive({ active }: Pick<UnitState, 'active'>): boolean {
  return active === 'active' || active === 'reloading' || active === 'activating'
}

/** `systemctl …`, as a step ends. `fix`: what a person does instead. */
export async function systemctl(words: readonly string[], signal: AbortSignal, fix?: string): Promise<StepResult> {
  const result = await exec('systemctl', [...words], { timeoutMs: WORKS_WITHIN_MS, signal })
  if (succeeded(result)) return done()
  const unit = words.at(-1) ?? ''
  return failed(`systemctl ${words.join(' ')}: ${describeFailure(result)}`, fix ?? `journalctl -e -u ${unit} says why`)
}
