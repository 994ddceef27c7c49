import { FAULT_KINDS, type FaultKind, type Router } from '../proof/model.ts'
import { effective } from './effective.ts'
import { addressesOf, type Evidence, finding, placeOf } from './evidence.ts'
import { FAULT_WORDS } from './fault-words.ts'
import type { RuleFinding } from './finding.ts'

/**
 * A weight that moves an address to the next node, and not to the last: with the same fault on the first two, the third would serve,
 * and does not get it. That it moves nowhere at all is told by what the takeover table says.
 */
export function spreadRules({ cluster, ...rest }: Evidence): RuleFinding[] {
  const evidence = { cluster, ...rest }
  return cluster.routers.flatMap((router) => {
    const others = cluster.routers.filter((other) => other.node !== router.node && sharesAddress(other, router))
    // Where the first fault moves nothing, its finding advises a weight that is enough for all.
    if (others.length < 2 || [router, ...others].some((one) => movesNothing(one, [router, ...others]))) return []
    const found = FAULT_KINDS.map((kind) => tooSmall(evidence, router, others, kind)).find((one) => one !== undefined)
    return found === undefined ? [] : [found]
  })
}

function sharesAddress(one: Router, other: Router): boolean {
  return one.addresses.some((address) => other.addresses.includes(address))
}

function movesNothing(router: Router, all: readonly Router[]): boolean {
  const others = all.filter(({ node }) => node !== router.node)
  const best = Math.max(...others.map((other) => effective(other).priority))
  const isFirst = effective(router).priority >= best
  return isFirst && FAULT_KINDS.some((kind) => isByWeight(router, kind) && effective(router, kind).priority >= best)
}

/** It notices the fault, and stays in the election. */
function isByWeight({ trackers }: Router, kind: FaultKind): boolean {
  const noticing = trackers.flatMap(({ under }) => under[kind] ?? [])
  return noticing.length > 0 && noticing.every(({ contribution }) => contribution !== 'FAULT')
}

function tooSmall(
  evidence: Evidence,
  router: Router,
  others: readonly Router[],
  kind: FaultKind,
): RuleFinding | undefined {
  if (!isByWeight(router, kind)) return undefined
  const failing = effective(router, kind)
  const ranked = others
    .map((other) => ({ other, priority: effective(other).priority }))
    .sort((a, b) => b.priority - a.priority)
  const [best, last] = [ranked[0], ranked.at(-1)]
  if (best === undefined || last === undefined) return undefined
  if (failing.priority >= best.priority || failing.priority < last.priority) return undefined
  const between = ranked.filter(({ priority }) => priority > failing.priority).map(({ other }) => other.node)
  return finding(
    'WEIGHT',
    'warning',
    [placeOf(evidence, router, 'priority'), placeOf(evidence, last.other, 'priority')],
    `${FAULT_WORDS[kind]} on ${[router.node, ...between].join(' and ')} at once leaves ${addressesOf(router)} on ${router.node}: ${failing.text} is not below ${last.other.node}'s ${last.priority}`,
    'a weight that outweighs the distance from the first to the last priority, or weight 0',
  )
}
