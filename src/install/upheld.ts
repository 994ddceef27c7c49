import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { showUnits } from '../show-units.ts'
import { writeDurably } from '../write-file.ts'
import { done, type Step } from './options.ts'
import { systemctl } from './units.ts'

const WORKS_WITHIN_MS = 60_000
/** What a person does where masking fails. */
const FIX = 'take Upholds= of these units out of what brings it, or the file in /etc/systemd/system; then run it again'

/**
 * Those of `units` that systemd starts whenever it finds them ended, and that no `stop` or `disable` keeps away
 * (systemd.unit(5), Upholds=): so system extensions have their units started. None where systemd cannot be asked.
 */
export async function upheldAmong(units: readonly string[], signal: AbortSignal): Promise<string[]> {
  const shown = await showUnits(units, ['LoadState', 'UpheldBy'], signal)
  if (shown.kind === 'failed') return []
  return units.filter((_, index) => {
    const of = shown.units[index]
    return of !== undefined && of('UpheldBy') !== '' && of('LoadState') !== 'masked'
  })
}

/** Masks upheld units until the next boot. Gives why one of them would still be started; then none is masked. */
export async function maskForThisBoot(upheld: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const result = await exec('systemctl', ['mask', '--runtime', '--quiet', ...upheld], {
    ...{ timeoutMs: WORKS_WITHIN_MS, signal },
  })
  // A file in /etc/systemd/system goes before the mask in /run.
  const left = succeeded(result) ? await upheldAmong(upheld, signal) : upheld
  if (left.length === 0) return undefined
  await unmaskForThisBoot(upheld, signal)
  return succeeded(result)
    ? `a file in /etc/systemd/system keeps systemctl mask --runtime from working for ${left.join(' and ')}`
    : `systemctl mask --runtime ${upheld.join(' ')}: ${describeFailure(result)}`
}

export async function unmaskForThisBoot(units: readonly string[], signal: AbortSignal): Promise<void> {
  await exec('systemctl', ['unmask', '--runtime', '--quiet', ...units], { timeoutMs: WORKS_WITHIN_MS, signal })
}

/** Keeps `upheld` away over boots, until `unmask`: agent.yaml, of which this is a neighbour, stays as well. */
export async function maskUpheld(configFile: string, upheld: readonly string[], signal: AbortSignal) {
  if (upheld.length === 0) return done()
  // First, so that no unit is masked of which nobody knows why.
  const known = new Set([...(await maskedByUninstall(configFile)), ...upheld])
  await writeDurably(recordOf(configFile), `${[...known].join('\n')}\n`, 0o644)
  return systemctl(['mask', '--quiet', ...upheld], signal, FIX)
}

/** Units that `lb-agent uninstall` has masked, as far as nobody has unmasked them since. */
export async function maskedByUninstall(configFile: string): Promise<string[]> {
  try {
    return (await readFile(recordOf(configFile), 'utf8')).split('\n').filter(Boolean)
  } catch {
    return []
  }
}

/** systemd starts at once what it upholds: only when agent.yaml is as it should be. */
export function unmask(configFile: string, units: readonly string[]): Step {
  return {
    what: `unmask ${units.map((unit) => unit.replace('.service', '')).join(' and ')}, which lb-agent uninstall has masked`,
    perform: async (signal) => {
      const unmasked = await systemctl(['unmask', '--quiet', ...units], signal, FIX)
      if (unmasked.kind === 'done') await rm(recordOf(configFile), { force: true })
      return unmasked
    },
  }
}

function recordOf(configFile: string): string {
  return join(dirname(configFile), 'masked-by-uninstall')
}
