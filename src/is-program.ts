import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CLEAN_ENV } from './exec.ts'

/** Whether a program can be executed: by its path, or by its name on the PATH, sbin included. */
export function isProgram(program: string): boolean {
  const candidates = program.includes('/')
    ? [program]
    : (CLEAN_ENV['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program))
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
