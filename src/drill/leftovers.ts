import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Removes labs whose drill is dead (killed, power cut). Returns their ids. */
export async function removeLeftovers(): Promise<string[]> {
  const removed: string[] = []
  for (const id of entriesOf(LABS)) {
    if (isInUse(join(LABS, id))) continue
    await removeNamespaces(`lb-${id}-`)
    rmSync(join(LABS, id), { recursive: true, force: true })
    removed.push(id)
  }
  return removed
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

/** In clock ticks since boot; '' when there is no such process (proc_pid_stat(5), field 22; the name may contain blanks). */
function startTime(pid: number): string {
  const text = readOptional(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
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
