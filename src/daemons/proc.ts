import { readFileSync } from 'node:fs'

/** What /proc tells of a process to everybody, also to an agent without any right over it. */

/** Its children, the dead ones that nobody has reaped as well; none where the kernel does not list them (CONFIG_PROC_CHILDREN). */
export function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.split(' ').flatMap((word) => (word === '' ? [] : [Number(word)]))
  } catch {
    return []
  }
}

/** How long a process has lived (proc_pid_stat(5), field 22, in ticks of 10 ms since boot); 0 when it does not. */
export function ageMs(pid: number): number {
  const startedTicks = Number(statOf(pid)?.fields[19])
  if (!Number.isFinite(startedTicks)) return 0
  return 1000 * Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - 10 * startedTicks
}

/** Name, state (one letter) and parent (proc_pid_stat(5)); undefined when there is no such process. */
export function processOf(pid: number): { name: string; state: string; parent: number } | undefined {
  const stat = statOf(pid)
  return stat === undefined
    ? undefined
    : { name: stat.name, state: stat.fields[0] ?? '', parent: Number(stat.fields[1]) }
}

function statOf(pid: number): { name: string; fields: readonly string[] } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in parentheses and may itself hold any character.
    const end = stat.lastIndexOf(')')
    return { name: stat.slice(stat.indexOf('(') + 1, end), fields: stat.slice(end + 2).split(' ') }
  } catch {
    return undefined
  }
}
