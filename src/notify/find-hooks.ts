import { readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Move } from './notice.ts'

const NAMES = { MASTER: 'master', BACKUP: 'backup', FAULT: 'fault', UNKNOWN: undefined } as const
const WORLD_WRITABLE = 0o002
const GROUP_WRITABLE = 0o020
const EXECUTABLE = 0o111

/**
 * The executables for a state, sorted by name: those in `master/`, `backup/` or `fault/`, or the one file of that name.
 * `refused` are sentences about what others than root could have written, and is therefore not run.
 */
export function findHooks(directory: string, state: Move['to']): { files: string[]; refused: string[] } {
  const name = NAMES[state]
  const path = join(directory, name ?? '')
  const found = name === undefined ? undefined : statOf(path)
  if (found === undefined) return { files: [], refused: [] }
  const unsafe = [directory, ...(found.isDirectory() ? [path] : [])].flatMap((each) => whyRefused(each) ?? [])
  if (unsafe.length > 0) return { files: [], refused: unsafe }
  const candidates = found.isDirectory() ? namesIn(path).map((entry) => join(path, entry)) : [path]
  const files = candidates.filter((file) => isExecutable(statOf(file)))
  return {
    files: files.filter((file) => whyRefused(file) === undefined),
    refused: files.flatMap((file) => whyRefused(file) ?? []),
  }
}

function whyRefused(path: string): string | undefined {
  const found = statOf(path)
  if (found === undefined) return undefined
  if ((found.mode & WORLD_WRITABLE) !== 0) return `${path} can be written by everybody (chmod o-w ${path})`
  // keepalived's own rule for the scripts of a root process (keepalived.conf(5), enable_script_security).
  if (process.getuid?.() === 0 && (found.mode & GROUP_WRITABLE) !== 0 && found.gid !== 0)
    return `${path} can be written by group ${found.gid}, which is not root’s (chmod g-w ${path})`
  if (found.uid === 0 || found.uid === process.getuid?.()) return undefined
  return `${path} belongs to neither root nor the agent's user (chown root ${path})`
}

function isExecutable(found: Stats | undefined): boolean {
  return found?.isFile() === true && (found.mode & EXECUTABLE) !== 0
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
