import type { Position } from '../spec/problem.ts'
import type { RuleId } from '../spec/rule-ids.ts'

/** error: a fault leaves clients without a node that serves them, or with two. warning: it works, until something else happens. */
export type Severity = 'error' | 'warning' | 'note'

/**
 * What a rule has found: `message` says what and why, `fix` what to do. `places`: the nodes' files, or lb.yaml, in the order of the
 * nodes; the first is where it is shown. `accepted`: the reason that lb.yaml gives for leaving it so.
 */
export type RuleFinding = {
  rule: RuleId
  severity: Severity
  places: readonly Position[]
  message: string
  fix: string
  accepted: string | undefined
}

/** `lb1.conf:14`, `lb.yaml:12`; the file alone where a line makes no sense. */
export function formatPlace({ file, line }: Position): string {
  return line === 0 ? file : `${file}:${line}`
}

export function isSamePlace(a: Position, b: Position): boolean {
  return a.file === b.file && a.line === b.line && a.col === b.col
}
