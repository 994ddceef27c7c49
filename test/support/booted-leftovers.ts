import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInUse, LABS, removeLeftovers } from '../../src/drill/leftovers.ts'
import { removeCgroups } from './own-cgroup.ts'

/** Removes what a test that was killed has left: roots that are mounted, cgroups, its lab. Its machines have halted by themselves. */
export async function removeBootedLeftovers(): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts) {
    const id = new RegExp(`^${LABS}/(\\w+)/machines/`).exec(mount)?.[1]
    if (id !== undefined && !isInUse(join(LABS, id))) execFileSync('umount', [mount])
  }
  for (const id of await removeLeftovers()) await removeCgroups(`lb-${id}-`)
}
