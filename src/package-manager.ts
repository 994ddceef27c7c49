import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CLEAN_ENV } from './exec.ts'
import type { PackageManager } from './how-to-install.ts'

/** What installs programs on this host, by a file and which programs are there. */
export function findPackageManager(): PackageManager {
  if (isFlatcar()) return 'sysext'
  if (isProgram('apt-get')) return 'apt'
  return isProgram('dnf') ? 'dnf' : 'none'
}

/** Whether a program is on the PATH, sbin included. */
export function isProgram(name: string): boolean {
  return (CLEAN_ENV['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** os-release(5): the one in /etc counts. */
function isFlatcar(): boolean {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return /^ID="?flatcar"?$/m.test(readFileSync(file, 'utf8'))
    } catch {
      // Then the other one.
    }
  }
  return false
}
