import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../src/drill/lab-agents.ts'

/** A control group of its own (cgroups(7), version 2). */
export type OwnCgroup = {
  /** Its directory. */
  path: string
  /** Sends SIGKILL to every process in it and below. */
  kill(): void
  /** Removes it, and every group that was made in it. Its processes have ended. */
  remove(): Promise<void>
}

const EMPTY_WITHIN_MS = 5_000

/** Throws on a machine that has no cgroup2. */
export function createCgroup(name: string): OwnCgroup {
  const path = join(root(), name)
  mkdirSync(path)
  return { path, kill: () => kill(path), remove: () => remove(path) }
}

/** Removes all groups whose names begin with `prefix`, and ends what is in there. */
export async function removeCgroups(prefix: string): Promise<void> {
  for (const name of readdirSync(root()).filter((one) => one.startsWith(prefix))) {
    kill(join(root(), name))
    await remove(join(root(), name))
  }
}

function root(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  const fields = mounts.split('\n').map((line) => line.split(' '))
  const mount = fields.find(([, , type]) => type === 'cgroup2')?.[1]
  if (mount === undefined)
    throw new Error('no cgroup2 is mounted on this machine: mount -t cgroup2 none /sys/fs/cgroup')
  return mount
}

function kill(path: string): void {
  writeFileSync(join(path, 'cgroup.kill'), '1')
}

/** A group is busy for a moment after the end of its last process. */
function remove(path: string): Promise<void> {
  return until(`the cgroup ${path} is empty`, EMPTY_WITHIN_MS, async () => removeTree(path))
}

/** The files in there go with their directory. */
function removeTree(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(path, entry.name))
    }
    rmdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
