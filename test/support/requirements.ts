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

/** The same for tests that boot machines. */
export function missingForBoots(): string | false {
  return missing('systemd-nspawn', 'debootstrap', 'dpkg-deb')
}

/** The same for tests that only need some program. */
export function missingPrograms(...programs: readonly string[]): string | false {
  return lacking(programs.filter((program) => !isInstalled(program)))
}

function missing(...programs: readonly string[]): string | false {
  const all = ['haproxy', 'keepalived', 'git', 'ip', 'flock', 'openssl', 'setpriv', ...programs]
  return lacking([...(process.getuid?.() === 0 ? [] : ['root']), ...all.filter((program) => !isInstalled(program))])
}

function lacking(programs: readonly string[]): string | false {
  if (programs.length === 0) return false
  const reason = `needs ${programs.join(', ')}`
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
