import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * What tests with real daemons need and this machine lacks, as a reason to skip them; false when nothing is missing.
 * Throws instead where CI is set: there a skip would be a failure that nobody sees.
 */
export function missingForDaemons(): string | false {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...['haproxy', 'keepalived', 'git', 'ip', 'flock', 'openssl', 'setpriv'].filter((program) => !isInstalled(program)),
  ]
  if (missing.length === 0) return false
  const reason = `needs ${missing.join(', ')}`
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
