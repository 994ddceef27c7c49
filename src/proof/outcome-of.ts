import type { World } from './elect.ts'
import { type FaultSet, isUnreachable } from './fault-set.ts'
import type { Actor } from './field.ts'
import type { ProofNode } from './model.ts'
import type { Bound, Outcome } from './outcome.ts'

/** Those that put one address on their node, in the order of the cluster's nodes. */
export type Carriers = { actors: ReadonlySet<Actor>; nodes: readonly ProofNode[] }

/** Who has an address, as in `Outcome`. */
export type Holders = Pick<Outcome, 'holders' | 'oneOf'>

/**
 * Who has an address in the worlds of its election, or of its elections where instances of several virtual routers carry it. If
 * some world is worse than one holder, that world counts.
 */
export function holdersOf(carriers: Carriers, elections: readonly (readonly World[])[], faults: FaultSet): Holders {
  const sets = elections
    .map((worlds) => worlds.map((world) => holdersIn(world, carriers, faults)))
    .reduce((all, each) => all.flatMap((some) => each.map((more) => [...some, ...more])), [[]])
  const inOrder = (nodes: readonly string[]): string[] =>
    nodes.length < 2 ? [...nodes] : carriers.nodes.filter(({ name }) => nodes.includes(name)).map(({ name }) => name)
  const worst = sets.find((set) => set.length > 1) ?? sets.find((set) => set.length === 0)
  if (worst !== undefined) return { holders: inOrder(worst), oneOf: [] }
  const possible = inOrder([...new Set(sets.flat())])
  return possible.length > 1 ? { holders: [], oneOf: possible } : { holders: possible, oneOf: [] }
}

/** What there is to say of an address that `holders` have. */
export function outcomeOf(
  { holders, oneOf }: Holders,
  carriers: Carriers,
  elections: readonly (readonly World[])[],
  faults: FaultSet,
): Outcome {
  const having = oneOf.length > 0 ? oneOf : holders
  const serving = having.every((node) => faults.serving.has(node))
    ? having
    : having.filter((node) => faults.serving.has(node))
  // A node whose keepalived is gone may still have the address, and serve.
  const could = serving.every((node) => faults.could.includes(node))
    ? faults.could
    : carriers.nodes.map(({ name }) => name).filter((node) => faults.could.includes(node) || serving.includes(node))
  return { holders, oneOf, serving, could, bound: latest(elections) }
}

function holdersIn(world: World, carriers: Carriers, faults: FaultSet): string[] {
  const having = [...world.masters, ...world.left].filter((actor) => carriers.actors.has(actor))
  return having.map(({ node }) => node).filter((node) => !isUnreachable(faults, node))
}

function latest(elections: readonly (readonly World[])[]): Bound | undefined {
  let last: Bound | undefined
  for (const worlds of elections) {
    for (const { changed } of worlds) if (changed !== undefined && changed.ms > (last?.ms ?? -1)) last = changed
  }
  return last
}
