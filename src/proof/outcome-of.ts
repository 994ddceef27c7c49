import type { World } from './elect.ts'
import type { Actor } from './field.ts'
import type { Fault, FaultKind, ProofNode } from './model.ts'
import type { Bound, Outcome } from './outcome.ts'

/** Those that put one address on their node, in the order of the cluster's nodes. */
export type Carriers = { actors: readonly Actor[]; nodes: readonly ProofNode[] }

const UNREACHABLE: ReadonlySet<FaultKind> = new Set(['link-down', 'node-lost'])
const CANNOT_SERVE: ReadonlySet<FaultKind> = new Set([...UNREACHABLE, 'haproxy-dead', 'haproxy-hung', 'servers-lost'])

/**
 * What is seen of an address in the worlds of its election, or of its elections where instances of several virtual routers carry
 * it. If some world is worse than one holder, that world counts.
 */
export function outcomeOf(
  carriers: Carriers,
  elections: readonly (readonly World[])[],
  faults: readonly Fault[],
): Outcome {
  const sets = elections
    .map((worlds) => worlds.map((world) => holdersIn(world, carriers, faults)))
    .reduce((all, each) => all.flatMap((some) => each.map((more) => [...some, ...more])), [[]])
  const worst = sets.find((set) => set.length > 1) ?? sets.find((set) => set.length === 0)
  const possible = new Set(sets.flat())
  const inOrder = (nodes: ReadonlySet<string>): string[] =>
    carriers.nodes.filter(({ name }) => nodes.has(name)).map(({ name }) => name)
  const certain = worst === undefined && possible.size > 1 ? [] : inOrder(new Set(worst ?? possible))
  const oneOf = worst === undefined && possible.size > 1 ? inOrder(possible) : []
  const serves = (node: string): boolean => !faults.some((fault) => fault.node === node && CANNOT_SERVE.has(fault.kind))
  return {
    holders: certain,
    oneOf,
    serving: [...certain, ...oneOf].filter(serves),
    could: carriers.nodes
      .filter((node) => serves(node.name) && (canHold(node, faults) || possible.has(node.name)))
      .map(({ name }) => name),
    bound: latest(elections.flat()),
  }
}

/** Nodes that nobody reaches hold an address for nobody. */
function holdersIn(world: World, carriers: Carriers, faults: readonly Fault[]): string[] {
  const holding = (actor: Actor): boolean => world.masters.includes(actor) || world.left.includes(actor)
  const nodes = carriers.actors.filter(holding).map(({ node }) => node)
  return nodes.filter((node) => !faults.some((fault) => fault.node === node && UNREACHABLE.has(fault.kind)))
}

function canHold({ name, restartsKeepalived }: ProofNode, faults: readonly Fault[]): boolean {
  return !faults.some(
    ({ node, kind }) =>
      node === name &&
      (kind === 'keepalived-stopped' || (kind === 'keepalived-killed' && restartsKeepalived === undefined)),
  )
}

function latest(worlds: readonly World[]): Bound | undefined {
  return worlds.reduce<Bound | undefined>(
    (last, { changed }) => (changed !== undefined && changed.ms > (last?.ms ?? -1) ? changed : last),
    undefined,
  )
}
