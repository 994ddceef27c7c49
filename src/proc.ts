import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

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
  return ageOf(processOf(pid)) ?? 0
}

/** How long it has lived; undefined for none. The clock of /proc/uptime, which is there without a descriptor as well. */
export function ageOf(process: Process | undefined): number | undefined {
  return process === undefined ? undefined : 1000 * (uptime() - process.startedTicks / TICKS_PER_SECOND)
}

/** `state` is one letter; `startedTicks`, since boot, tells a process from a later one with its pid. */
export type Process = { name: string; state: string; parent: number; startedTicks: number; cpuSeconds: number }

/** proc_pid_stat(5); undefined when there is no such process, or it cannot be looked at. */
export function processOf(pid: number): Process | undefined {
  const seen = lookAt(pid)
  return seen.kind === 'lives' ? seen.process : undefined
}

/** `hidden`: it may live. There was no descriptor left to look with, or /proc does not show it (hidepid, proc(5)). */
export type Seen = { kind: 'lives'; process: Process } | { kind: 'ended' } | { kind: 'hidden' }

/**
 * The same for whoever acts on an end. A process has ended only when the kernel knows it no more either: kill(2) with
 * signal 0 takes neither a descriptor nor rights, and sees what hidepid hides.
 */
export function lookAt(pid: number): Seen {
  try {
    return { kind: 'lives', process: parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) }
  } catch (error) {
    return isAbsent(error) && !isKnownToKernel(pid) ? { kind: 'ended' } : { kind: 'hidden' }
  }
}

/** ESRCH: it ended between open and read. */
function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH'
}

function isKnownToKernel(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function parseStat(stat: string): Process {
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

/** Undefined where it cannot be read: a process may end while it is looked at. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
