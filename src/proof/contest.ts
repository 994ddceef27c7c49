import { coldStart, electAgain, merge, type World } from './elect.ts'
import type { Field, Seat } from './field.ts'
import type { Fault, FaultKind, ProofNode } from './model.ts'
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

/** Which faults are there, what they make of each seat, and who may be MASTER then. */
export type Situation = { faults: FaultsByNode; standings: readonly Standing[]; worlds: readonly World[] }

type FaultsByNode = ReadonlyMap<string, ReadonlySet<FaultKind>>

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
    healthy: { faults: new Map(), standings, worlds: coldStart(field) },
    steps: new Map(),
  }
}

/** What becomes of a situation once the faults are these, and no others. Of faults that end, only the election's time counts. */
export function nextSituation(contest: Contest, before: Situation, faults: readonly Fault[]): Situation {
  const byNode = groupByNode(faults)
  const happenings: Happening[] = []
  const standings = [...before.standings]
  for (const node of new Set([...before.faults.keys(), ...byNode.keys()])) {
    for (const seat of contest.seatsOf.get(node) ?? []) {
      for (const step of stepsBetween(contest, seat, before.faults.get(node), byNode.get(node))) {
        happenings.push({ seat, step })
        standings[seat.index] = step.standing
      }
    }
  }
  const worlds = before.worlds.flatMap((world) => electAgain(contest.field, world, before.standings, happenings))
  return { faults: byNode, standings, worlds: before.worlds.length > 1 ? merge(worlds) : worlds }
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
  contest.steps.set(seat, known)
  const key = kinds.size === 1 ? (kinds.values().next().value ?? '') : [...kinds].sort().join(' ')
  const steps = known.get(key) ?? stepsOf(seat.router, contest.nodes.get(seat.router.node), kinds)
  known.set(key, steps)
  return steps
}

function groupByNode(faults: readonly Fault[]): FaultsByNode {
  const byNode = new Map<string, Set<FaultKind>>()
  for (const { node, kind } of faults) {
    const kinds = byNode.get(node)
    if (kinds === undefined) byNode.set(node, new Set([kind]))
    else kinds.add(kind)
  }
  return byNode
}
