import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * What tests with real daemons need and this machine lacks, as a reason to skip them; false when nothing is missing.
 * Throws instead where CI is set: there a skip would be a failure that nobody sees.
 */
export function missingForDaemons(): string | false {
  return missing()
}

/** The same for tests that give an agent a time of day of its own. */
export function missingForClock(): string | false {
  return missing('faketime')
}

function missing(...programs: readonly string[]): string | false {
  const lacking = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...['haproxy', 'keepalived', 'git', 'ip', 'flock', 'openssl', 'setpriv', ...programs].filter(
      (program) => !isInstalled(program),
    ),
  ]
  if (lacking.length === 0) return false
  const reason = `needs ${lacking.join(', ')}`
  if (process.env['CI'] !== undefined) throw new Error(`${reason}; in CI a skipped test is a failure`)
  return reason
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
