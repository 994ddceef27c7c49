import type { Position } from '../spec/problem.ts'

/**
 * Notes a problem: a whole sentence that says what, why, and what to do. `effect`: keepalived does not pass over it, but ends at its
 * start (2.2.7, tried with each of them: "exited with permanent error CONFIG").
 */
export type Report = (at: Position, message: string, effect?: 'ends keepalived') => void

/** `keepalived.conf:12` */
export function shown({ file, line }: Position): string {
  return `${file}:${line}`
}
