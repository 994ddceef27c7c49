import { readFileSync } from 'node:fs'
import type { PackageManager } from './how-to-install.ts'
import { isProgram } from './is-program.ts'

/** What installs programs on this host, by a file and which programs are there. */
export function findPackageManager(): PackageManager {
  if (isFlatcar()) return 'sysext'
  if (isProgram('apt-get')) return 'apt'
  return isProgram('dnf') ? 'dnf' : 'none'
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
