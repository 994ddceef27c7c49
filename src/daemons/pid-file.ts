import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { processOf } from '../proc.ts'

/**
 * The pid in a daemon's own pid file, when that process lives and is the daemon: a pid can have been reused since.
 * `comm`: see `commOf`.
 */
export function livingPid(pidFile: string, comm: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isSafeInteger(pid) && isDaemon(pid, comm) ? pid : undefined
  } catch {
    return undefined
  }
}

/**
 * The same for an agent that starts. HAProxy empties its pid file when a reload begins and fills it when it is done, so an
 * empty one is looked at again for a moment: a daemon that is taken for dead would be started a second time.
 */
export function livingPidAtStart(pidFile: string, comm: string): number | undefined {
  for (let waitedMs = 0; waitedMs < FILLED_WITHIN_MS && isEmpty(pidFile); waitedMs += 20) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
  return livingPid(pidFile, comm)
}

const FILLED_WITHIN_MS = 2_000

function isEmpty(pidFile: string): boolean {
  return statSync(pidFile, { throwIfNoEntry: false })?.size === 0
}

/** As the kernel names a process: 15 characters of the program's file name (proc(5), comm). */
export function commOf(binary: string): string {
  return basename(binary).slice(0, 15)
}

/** True while the process `pid` lives and has the daemon's name. */
export function isDaemon(pid: number, comm: string): boolean {
  const found = pid < 2 ? undefined : processOf(pid)
  return found !== undefined && found.name === comm && found.state !== 'Z'
}
