import { readFileSync } from 'node:fs'

/**
 * The pid in a daemon's own pid file, when that process lives and is the daemon: a pid can have been reused since.
 * `comm` is the process name as in /proc/PID/comm.
 */
export function livingPid(pidFile: string, comm: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    if (!Number.isSafeInteger(pid) || pid < 2) return undefined
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return name === comm && !isZombie(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

function isZombie(pid: number): boolean {
  // The state follows the name, which stands in parentheses and may itself hold any character (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

/** True while a process with this pid exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
