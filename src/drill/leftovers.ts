import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { processOf } from '../proc.ts'
import { removeNamespaces } from './network.ts'

/** Root-owned in every component: keepalived runs no check script below a directory that others may write. */
export const LABS = '/run/lb-agent-lab'

/**
 * In a lab's directory: the pid of its drill, and when that started, because pids are used again. Two files, because a drill
 * of an earlier build on this machine reads the first and removes the lab when that is more than a pid.
 */
const OWNER_FILE = 'owner'
const STARTED_FILE = 'owner-started'

/** Between the making of a lab's directory and of its owner file another drill may look. */
const NO_OWNER_MS = 60_000

const UNMOUNTED_WITHIN_MS = 10_000

/** The ids of the labs that are gone, and a sentence for each one that is not. */
export type Leftovers = { removed: string[]; remaining: string[] }

/** Removes labs whose drill is dead (killed, power cut). One that cannot be removed keeps neither the others nor a new lab. */
export async function removeLeftovers(): Promise<Leftovers> {
  const leftovers: Leftovers = { removed: [], remaining: [] }
  for (const id of entriesOf(LABS)) {
    const directory = join(LABS, id)
    if (isInUse(directory)) continue
    try {
      await removeNamespaces(`lb-${id}-`)
      await unmountBelow(directory)
      rmSync(directory, { recursive: true, force: true })
      leftovers.removed.push(id)
    } catch (error) {
      leftovers.remaining.push(`${directory}, of a drill that is dead, cannot be removed: ${(error as Error).message}`)
    }
  }
  return leftovers
}

/** Throws when something stays mounted: what is removed through a mount may be another's. */
async function unmountBelow(directory: string): Promise<void> {
  for (const mount of mountsBelow(directory).toReversed()) {
    const result = await exec('umount', ['--', mount], { timeoutMs: UNMOUNTED_WITHIN_MS })
    if (!succeeded(result)) throw new Error(`umount ${mount}: ${describeFailure(result)}`)
  }
}

/** In the order they were mounted. proc_pid_mountinfo(5): field 5, in which a blank is written as an octal escape. */
function mountsBelow(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
  return points.filter((point) => point.startsWith(`${directory}/`))
}

/** Says that the lab in `directory` belongs to this process. */
export function claim(directory: string): void {
  writeFileSync(join(directory, STARTED_FILE), startTime(process.pid))
  writeFileSync(join(directory, OWNER_FILE), `${process.pid}\n`)
}

/** Whether the drill of the lab in `directory` lives. */
export function isInUse(directory: string): boolean {
  const pid = readOptional(join(directory, OWNER_FILE)).trim()
  if (pid === '') return Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) < NO_OWNER_MS
  const startedAt = readOptional(join(directory, STARTED_FILE))
  const now = startTime(Number(pid))
  return now !== '' && (startedAt === '' || startedAt === now)
}

/** In clock ticks since boot; '' when there is no such process. */
function startTime(pid: number): string {
  return String(processOf(pid)?.startedTicks ?? '')
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
