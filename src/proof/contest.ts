import { coldStart, electAgain, isQuiet, merge, type World } from './elect.ts'
import type { FaultSet } from './fault-set.ts'
import type { Field, Seat } from './field.ts'
import type { FaultKind, ProofNode } from './model.ts'
import type { Happening } from './race.ts'
import { type Standing, type Step, stepsOf } from './standing.ts'

/** A field with what is asked of it again and again. */
export type Contest = {
  field: Field
  nodes: ReadonlyMap<string, ProofNode>
  seatsOf: ReadonlyMap<string, readonly Seat[]>
  healthy: Situation
  /** By the kinds of faults on its node; each is worked out once. */
  steps: Map<Seat, Map<string, readonly Step[]>>
}

/** Which faults are there, what they make of each seat (asked for seldom), and who may be MASTER then. */
export type Situation = { faults: FaultSet['byNode']; standings(): readonly Standing[]; worlds: readonly World[] }

/** The field's election with nothing wrong, to go on from. */
export function contestOf(field: Field, nodes: ReadonlyMap<string, ProofNode>): Contest {
  const seatsOf = new Map<string, Seat[]>()
  for (const seat of field.seats) {
    const seats = seatsOf.get(seat.router.node)
    if (seats === undefined) seatsOf.set(seat.router.node, [seat])
    else seats.push(seat)
  }
  const standings = field.seats.map(({ healthy }) => healthy)
  return {
    field,
    nodes,
    seatsOf,
    healthy: { faults: new Map(), standings: () => standings, worlds: coldStart(field) },
    steps: new Map(),
  }
}

/**
 * What becomes of a situation once the faults are these, and no others. Of faults that end, only the election's time counts. When
 * nothing that matters has happened, `worlds` are the very same ones.
 */
export function nextSituation(contest: Contest, before: Situation, { byNode }: FaultSet): Situation {
  const happenings: Happening[] = []
  for (const node of before.faults.size === 0 ? byNode.keys() : new Set([...before.faults.keys(), ...byNode.keys()])) {
    for (const seat of contest.seatsOf.get(node) ?? []) {
      const steps = stepsBetween(contest, seat, before.faults.get(node), byNode.get(node))
      for (const step of steps) happenings.push({ seat, step })
    }
  }
  const standings = (): Standing[] => {
    const changed = [...before.standings()]
    for (const { seat, step } of happenings) changed[seat.index] = step.standing
    return changed
  }
  if (before.worlds.every((world) => isQuiet(world, happenings)))
    return { faults: byNode, standings, worlds: settled(before) }
  const were = before.standings()
  const worlds = before.worlds.flatMap((world) => electAgain(contest.field, world, were, happenings))
  return { faults: byNode, standings, worlds: merge(worlds) }
}

/** A world's change is told once. */
function settled({ worlds }: Situation): readonly World[] {
  return worlds.every(({ changed }) => changed === undefined)
    ? worlds
    : worlds.map((world) => ({ ...world, changed: undefined }))
}

function stepsBetween(
  contest: Contest,
  seat: Seat,
  before: ReadonlySet<FaultKind> | undefined,
  now: ReadonlySet<FaultKind> | undefined,
): readonly Step[] {
  const steps = now === undefined ? [] : stepsUnder(contest, seat, now)
  if (before === undefined) return steps
  const last = steps.at(-1) ?? { atMs: 0, terms: [], standing: seat.healthy }
  const was = stepsUnder(contest, seat, before).at(-1)?.standing ?? seat.healthy
  if (now?.has('keepalived-killed') === true && !before.has('keepalived-killed') && was.kind === 'runs') return steps
  return JSON.stringify(was) === JSON.stringify(last.standing) ? [] : [last]
}

function stepsUnder(contest: Contest, seat: Seat, kinds: ReadonlySet<FaultKind>): readonly Step[] {
  const known = contest.steps.get(seat) ?? new Map<string, readonly Step[]>()
  if (known.size === 0) contest.steps.set(seat, known)
  const key = kinds.size === 1 ? (kinds.values().next().value ?? '') : [...kinds].sort().join(' ')
  const steps = known.get(key)
  if (steps !== undefined) return steps
  const fresh = stepsOf(seat.router, contest.nodes.get(seat.router.node), kinds)
  known.set(key, fresh)
  return fresh
}
