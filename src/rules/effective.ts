import type { Contribution, FaultKind, Router } from '../proof/model.ts'

/** A priority with what it is made of: `110 - 10 = 100`, or `100` where nothing changes it. */
export type Effective = { priority: number; text: string }

/** The owner of an address has 255, and no weight changes that. */
const OWNER = 255

/** keepalived keeps an effective priority within 1-254 (2.2.7, vrrp_set_effective_priority). `under`: a fault of its node. */
export function effective({ priority, trackers }: Router, under?: FaultKind): Effective {
  if (priority === OWNER) return { priority, text: '255, the owner, whom no weight changes,' }
  const changes = trackers
    .map((tracker) => (under === undefined ? tracker.healthy : (tracker.under[under]?.contribution ?? tracker.healthy)))
    .map(numberOf)
    .filter((change) => change !== 0)
  const sum = Math.max(
    1,
    Math.min(
      OWNER - 1,
      changes.reduce((total, change) => total + change, priority),
    ),
  )
  if (changes.length === 0) return { priority: sum, text: `${priority}` }
  const terms = changes.map((change) => (change < 0 ? ` - ${-change}` : ` + ${change}`))
  return { priority: sum, text: `${priority}${terms.join('')} = ${sum}` }
}

export function numberOf(contribution: Contribution): number {
  return contribution === 'FAULT' ? 0 : contribution
}
