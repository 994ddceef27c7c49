import type { Position } from '../spec/problem.ts'

/** Notes a problem: a whole sentence that says what, why, and what to do. */
export type Report = (at: Position, message: string) => void

/** `keepalived.conf:12` */
export function shown({ file, line }: Position): string {
  return `${file}:${line}`
}
