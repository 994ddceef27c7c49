import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { lookAt } from '../proc.ts'

/** `hidden`: it may run. The pid file or the process cannot be looked at: no descriptor was left, or /proc hides it. */
export type DaemonSeen = { kind: 'runs'; pid: number } | { kind: 'ended' } | { kind: 'hidden' }

/**
 * The process of the pid in a daemon's own pid file, as long as it is the daemon: a pid can have been reused since. A file
 * that is not there, empty or rubbish names none. `comm`: see `commOf`.
 */
export function lookAtPidFile(pidFile: string, comm: string): DaemonSeen {
  try {
    return lookAtDaemon(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), comm)
  } catch (error) {
    return { kind: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'ended' : 'hidden' }
  }
}

/** The process `pid`, as long as it lives and has the daemon's name. */
export function lookAtDaemon(pid: number, comm: string): DaemonSeen {
  if (!Number.isSafeInteger(pid) || pid < 2) return { kind: 'ended' }
  const seen = lookAt(pid)
  if (seen.kind !== 'lives') return seen
  const { name, state } = seen.process
  return name === comm && state !== 'Z' ? { kind: 'runs', pid } : { kind: 'ended' }
}

/** The pid in a daemon's pid file, when that process is seen to live and to be the daemon. */
export function livingPid(pidFile: string, comm: string): number | undefined {
  const seen = lookAtPidFile(pidFile, comm)
  return seen.kind === 'runs' ? seen.pid : undefined
}

/**
 * The daemon's pid now: what the pid file names, or else `known`, the last one that was seen to live, until its end is
 * seen. During a reload HAProxy's pid file is empty, and that is no death; nor is what cannot be looked at.
 */
export function runningPid(pidFile: string, comm: string, known: number | undefined): number | undefined {
  const found = livingPid(pidFile, comm)
  if (found !== undefined || known === undefined) return found
  return lookAtDaemon(known, comm).kind === 'ended' ? undefined : known
}

/**
 * `livingPid` for an agent that starts. HAProxy empties its pid file when a reload begins and fills it when it is done, so an
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
