import { removeLeftovers } from '../../src/drill/leftovers.ts'
import { removeCgroups } from './own-cgroup.ts'

/** Removes what a test that was killed has left: its lab with the roots of machines, and cgroups. Its machines have halted by themselves. */
export async function removeBootedLeftovers(): Promise<void> {
  for (const id of (await removeLeftovers()).removed) await removeCgroups(`lb-${id}-`)
}
