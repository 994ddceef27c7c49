import { formatPlace, type RuleFinding } from '../../src/rules/finding.ts'
import type { RuleId } from '../../src/spec/rule-ids.ts'

/** `error WEIGHT … (lb1.conf:14) → …`, all of a finding in one line. */
export function told({ rule, severity, message, places, fix, accepted }: RuleFinding): string {
  const where = places.map(formatPlace).join(', ')
  return `${accepted === undefined ? severity : 'accepted'} ${rule} ${message} (${where}) → ${accepted ?? fix}`
}

export function ofRule(findings: readonly RuleFinding[], rule: RuleId): string[] {
  return findings.filter((found) => found.rule === rule).map(told)
}
