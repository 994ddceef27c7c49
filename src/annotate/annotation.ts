import type { Severity } from '../rules/finding.ts'
import type { Position } from '../spec/problem.ts'

/** A finding as CI systems show it beside a line. `rule` is short, and the same each time. */
export type Annotation = {
  rule: string
  severity: Severity
  at: Position
  /** More places that it is about. */
  related: readonly Position[]
  message: string
}

export const FORMATS = ['text', 'json', 'github', 'sarif'] as const
export type Format = (typeof FORMATS)[number]
