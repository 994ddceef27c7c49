import { readFileSync } from 'node:fs'

/** A process and its children: HAProxy's master and its workers, keepalived and its VRRP process. */
export function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  return [pid, ...children]
}

/**
 * Kills a process and its children as if at one moment. Stopped first: a child of keepalived gives its VIPs away when it
 * sees its parent die, and a parent starts another child when it sees one die.
 */
export function killWithChildren(pid: number): void {
  const pids = withChildren(pid)
  signalAll(pids, 'SIGSTOP')
  signalAll(pids, 'SIGKILL')
}

/** Sends a signal to all that still live. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
    }
  }
}

/** How long a process has lived (proc_pid_stat(5), field 22, in ticks of 10 ms since boot). */
export function ageMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const startedTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  return 1000 * Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - 10 * startedTicks
}
