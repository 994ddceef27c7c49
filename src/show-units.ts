import { describeFailure, exec, succeeded } from './exec.ts'

/** What systemd says of one unit: the value of a property, empty where it has none. */
export type Property = (name: string) => string

/** `units`: in the order of the question, because an alias (polkit.service on some systems) tells another Id. */
export type ShownUnits = { kind: 'units'; units: readonly Property[] } | { kind: 'failed'; reason: string }

const ANSWERS_WITHIN_MS = 4_000

/** `systemctl show`, for these properties alone. Never throws. */
export async function showUnits(
  units: readonly string[],
  properties: readonly string[],
  signal: AbortSignal,
): Promise<ShownUnits> {
  const words = ['show', '--no-pager', `--property=${properties}`, '--', ...units]
  const said = await exec('systemctl', words, { timeoutMs: ANSWERS_WITHIN_MS, signal })
  if (!succeeded(said)) return { kind: 'failed', reason: describeFailure(said) }
  return { kind: 'units', units: said.stdout.toString('utf8').trim().split('\n\n').map(propertyOf) }
}

/** `text`: lines of `systemctl show`. */
export function propertyOf(text: string): Property {
  return (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? ''
}
