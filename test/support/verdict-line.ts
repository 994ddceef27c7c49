import { sayStep } from '../../src/doctor/verdicts/mend.ts'
import type { Verdict } from '../../src/doctor/verdicts/verdict.ts'

/** `kind: why → fix`. */
export function line(verdict: Verdict): string {
  const fix = verdict.kind === 'ok' || verdict.fix === null ? '' : ` → ${verdict.fix}`
  return `${verdict.kind}: ${verdict.why}${fix}`
}

/** What `doctor --fix` does about it. */
export function mend(verdict: Verdict): string[] {
  return verdict.kind === 'problem' ? (verdict.mend ?? []).map(sayStep) : []
}
