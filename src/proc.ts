import { readFileSync } from 'node:fs'

/** What /proc tells of a process to everybody, also to an agent without any right over it. */

/** USER_HZ, the unit of times in /proc, is 100 on every architecture that Node runs on (sysconf(3), _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100

/** Its children, the dead ones that nobody has reaped as well; none where the kernel does not list them (CONFIG_PROC_CHILDREN). */
export function childrenOf(pid: number): number[] {
  const children = readProc(pid, `task/${pid}/children`) ?? ''
  return children.split(' ').flatMap((word) => (word === '' ? [] : [Number(word)]))
}

/** How long a process has lived; 0 when it does not. */
export function ageMs(pid: number): number {
  const startedTicks = processOf(pid)?.startedTicks
  if (startedTicks === undefined) return 0
  const upSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  return 1000 * (upSeconds - startedTicks / TICKS_PER_SECOND)
}

/** `state` is one letter; `startedTicks`, since boot, tells a process from a later one with its pid. */
export type Process = { name: string; state: string; parent: number; startedTicks: number; cpuSeconds: number }

/** proc_pid_stat(5); undefined when there is no such process. */
export function processOf(pid: number): Process | undefined {
  const stat = readProc(pid, 'stat')
  if (stat === undefined) return undefined
  // The name stands in parentheses and may itself hold any character; what follows begins with field 3.
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startedTicks: Number(fields[19]),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  }
}

/** Undefined for one that has ended, or has no memory any more. */
export function residentBytesOf(pid: number): number | undefined {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1]
  return kb === undefined ? undefined : Number(kb) * 1024
}

/**
 * Whether a signal leaves the process alive: it has a handler, or waits for it (SigCgt, SigBlk, SigIgn of
 * proc_pid_status(5)). False for one that has not come to that yet.
 */
export function outlives(pid: number, signal: number): boolean {
  const status = readProc(pid, 'status') ?? ''
  const masks = [...status.matchAll(/^Sig(?:Cgt|Blk|Ign):\s+([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`))
  return masks.some((mask) => ((mask >> BigInt(signal - 1)) & 1n) === 1n)
}

/** A process may end while it is looked at. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
