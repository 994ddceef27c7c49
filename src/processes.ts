import { childrenOf } from './proc.ts'

/** A process and its children: HAProxy's master and its workers, keepalived and its VRRP process. */
export function withChildren(pid: number): number[] {
  return [pid, ...childrenOf(pid)]
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
