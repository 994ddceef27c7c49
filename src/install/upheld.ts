import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { writeDurably } from '../write-file.ts'
import { done, failed, type Step, type StepResult } from './options.ts'

const ASKS_WITHIN_MS = 5_000
const WORKS_WITHIN_MS = 60_000

/**
 * Those of `units` that systemd starts whenever it finds them ended, and that no `stop` or `disable` keeps away
 * (systemd.unit(5), Upholds=): so system extensions have their units started. None where systemd cannot be asked.
 */
export async function upheldAmong(units: readonly string[], signal: AbortSignal): Promise<string[]> {
  const said = await exec('systemctl', ['show', '--no-pager', '--property=LoadState,UpheldBy', '--', ...units], {
    ...{ timeoutMs: ASKS_WITHIN_MS, signal },
  })
  if (!succeeded(said)) return []
  const blocks = said.stdout.toString('utf8').trim().split('\n\n')
  return units.filter((_, index) => {
    const block = blocks[index] ?? ''
    return /^UpheldBy=./m.test(block) && !/^LoadState=masked$/m.test(block)
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
  return systemctl(['mask', '--quiet', ...upheld], signal)
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
      const unmasked = await systemctl(['unmask', '--quiet', ...units], signal)
      if (unmasked.kind === 'done') await rm(recordOf(configFile), { force: true })
      return unmasked
    },
  }
}

function recordOf(configFile: string): string {
  return join(dirname(configFile), 'masked-by-uninstall')
}

async function systemctl(words: readonly string[], signal: AbortSignal): Promise<StepResult> {
  const result = await exec('systemctl', [...words], { timeoutMs: WORKS_WITHIN_MS, signal })
  if (succeeded(result)) return done()
  const fix =
    'take Upholds= of these units out of what brings it, or the file in /etc/systemd/system; then run it again'
  return failed(`systemctl ${words.join(' ')}: ${describeFailure(result)}`, fix)
}
