import { FAULT_KINDS, type FaultKind, type Router } from '../proof/model.ts'
import { effective } from './effective.ts'
import { addressesOf, type Evidence, finding, placeOf } from './evidence.ts'
import { FAULT_WORDS } from './fault-words.ts'
import type { RuleFinding } from './finding.ts'

/** A router of an election with its priority while all is well. */
type Ranked = { router: Router; priority: number }

/**
 * A weight that moves an address to the next node, and not to the last: with the same fault on the first two, the third would serve,
 * and does not get it. That it moves nowhere at all is told by what the takeover table says.
 */
export function spreadRules(evidence: Evidence): RuleFinding[] {
  return evidence.elections.flatMap((routers) => {
    const ranked = routers
      .map((router) => ({ router, priority: effective(router).priority }))
      .sort((a, b) => b.priority - a.priority)
    const [first, second] = ranked
    const last = ranked.at(-1)
    if (ranked.length < 3 || first === undefined || second === undefined || last === undefined) return []
    // Where the first fault moves nothing, its finding advises a weight that is enough for all.
    if (byWeight(first.router).some((kind) => effective(first.router, kind).priority >= second.priority)) return []
    return ranked.slice(0, -1).flatMap((one) => {
      const kind = byWeight(one.router).find((each) => effective(one.router, each).priority >= last.priority)
      return kind === undefined ? [] : [tooSmall(evidence, one, { ranked, last, kind })]
    })
  })
}

/** Faults that it notices, and stays in the election with. */
function byWeight({ trackers }: Router): FaultKind[] {
  return FAULT_KINDS.filter((kind) => {
    const noticing = trackers.flatMap(({ under }) => under[kind] ?? [])
    return noticing.length > 0 && noticing.every(({ contribution }) => contribution !== 'FAULT')
  })
}

function tooSmall(
  evidence: Evidence,
  { router }: Ranked,
  { ranked, last, kind }: { ranked: readonly Ranked[]; last: Ranked; kind: FaultKind },
): RuleFinding {
  const failing = effective(router, kind)
  const between = ranked
    .filter((other) => other.router !== router && other.priority > failing.priority)
    .map((other) => other.router.node)
  return finding(
    'WEIGHT',
    'warning',
    [placeOf(evidence, router, 'priority'), placeOf(evidence, last.router, 'priority')],
    `${FAULT_WORDS[kind]} on ${[router.node, ...between].join(' and ')} at once leaves ${addressesOf(router)} on ${router.node}: ${failing.text} is not below ${last.router.node}'s ${last.priority}`,
    'a weight that outweighs the distance from the first to the last priority, or weight 0',
  )
}
