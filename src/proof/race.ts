import { beats, compare, hearAny, hearsNow, holds, isCut, isOut, priorityOf } from './between.ts'
import type { Actor, Field, Seat } from './field.ts'
import type { Term } from './model.ts'
import type { Bound } from './outcome.ts'
import type { Standing, Step } from './standing.ts'
import { advertTerm, delayTerms, downTerms, skewTerm } from './timers.ts'

/** An election that is going on. Arrays are by `Seat.index`. */
export type Race = {
  field: Field
  standings: Standing[]
  masters: Actor[]
  left: Actor[]
  /** When a BACKUP that nobody holds back becomes MASTER, at the latest. */
  timers: (Bound | undefined)[]
  /** The interval that an instance counts in: its own, or in VRRPv3 that of the MASTER it has accepted last. */
  intervalsMs: number[]
  changed: Bound | undefined
  takeovers: number
}

/** What the faults make of one instance. */
export type Happening = { seat: Seat; step: Step }

/** Those of equal priority that become MASTER at the same time: one of them will be it. */
export type Taker = { atMs: number; terms: readonly Term[]; actors: readonly Actor[] }

const OWNER = 255

/** Goes on from a settled election: BACKUPs count in the interval of the MASTER that they hear. */
export function begin(
  field: Field,
  standings: readonly Standing[],
  masters: readonly Actor[],
  left: readonly Actor[],
): Race {
  const race: Race = {
    field,
    standings: [...standings],
    masters: [...masters],
    left: [...left],
    timers: Array<undefined>(standings.length).fill(undefined),
    intervalsMs: field.seats.map(({ router }) => router.advertMs),
    changed: undefined,
    takeovers: 0,
  }
  if (masters.length > 0) attend(race, [], { ms: 0, terms: [] })
  return race
}

/** For each of several ends that are possible. */
export function copyOf(race: Race): Race {
  return {
    ...race,
    standings: [...race.standings],
    masters: [...race.masters],
    left: [...race.left],
    timers: [...race.timers],
    intervalsMs: [...race.intervalsMs],
  }
}

/** keepalived has started on the nodes of `actors`. */
export function start(race: Race, actors: readonly Actor[]): void {
  for (const actor of actors) {
    if (isOut(race.standings, actor)) continue
    for (const seat of actor.seats) {
      const { router } = seat
      if (!router.startsAsMaster) continue
      // vrrp_init_state: the owner is MASTER at once; a member of a group listens for one advert.
      if (router.priority === OWNER) race.timers[seat.index] = { ms: 0, terms: [] }
      else if (router.syncGroup !== undefined) {
        const terms = [advertTerm(router.advertMs), skewTerm(router, 255, router.advertMs)]
        race.timers[seat.index] = later({ ms: 0, terms: [] }, terms)
      }
    }
  }
  attend(race, [], { ms: 0, terms: [] })
}

/** The next that become MASTER, unless something happens before; undefined: everybody is content. */
export function nextTaker(race: Race): Taker | undefined {
  // Whoever loses to a new MASTER that does not hear it could go on for ever; nobody does in a cluster that is meant to work.
  if (race.takeovers > 4 * race.field.actors.length) return undefined
  let first: { actor: Actor; at: Bound } | undefined
  let equals: Actor[] = []
  for (const actor of race.field.actors) {
    const at = timerOf(race, actor)
    if (at === undefined || (first !== undefined && at.ms > first.at.ms)) continue
    const order = first === undefined || at.ms < first.at.ms ? 1 : compare(race.standings, actor, first.actor)
    if (order > 0) {
      first = { actor, at }
      equals = [actor]
    } else if (order === 0 && first !== undefined && (hearAny(actor, first.actor) || hearAny(first.actor, actor)))
      equals.push(actor)
  }
  return first === undefined ? undefined : { atMs: first.at.ms, terms: first.at.terms, actors: equals }
}

/** `actor` becomes MASTER: it sends an advert, then adds its addresses (vrrp_state_master_tx). */
export function take(race: Race, actor: Actor, { atMs, terms }: Taker): void {
  const at = { ms: atMs, terms }
  race.takeovers += 1
  race.masters.push(actor)
  race.changed = at
  rest(race, actor)
  giveWay(race, actor, at)
  attend(race, [], at)
}

/** Something changes what one instance is. Returns who may become MASTER because of it although another MASTER holds it back. */
export function happen(race: Race, { seat, step }: Happening): Taker[] {
  const { actor } = seat
  const at = { ms: step.atMs, terms: step.terms }
  const wasOut = isOut(race.standings, actor)
  const wasMaster = race.masters.includes(actor)
  race.standings[seat.index] = step.standing
  const killed = step.standing.kind === 'out' && step.standing.left === 'killed'
  if (!killed && race.left.includes(actor)) {
    // It removes what it finds of its addresses as it starts (vrrp_restore_interface). A lost node has none either.
    race.left = race.left.filter((other) => other !== actor)
    race.changed = at
  }
  let announced: readonly Seat[] = []
  if (isOut(race.standings, actor)) {
    rest(race, actor)
    if (wasMaster) {
      race.masters = race.masters.filter((other) => other !== actor)
      announced = announcing(race, { seat, step })
      if (killed) race.left.push(actor)
      else race.changed = at
    }
  } else if (wasOut) rest(race, actor)
  giveWay(race, undefined, at)
  attend(race, announced, at)
  return announced.length === 0 ? [] : hasty(race, announced, at)
}

/**
 * After priority 0 an instance waits for its skew alone, whomever else it hears (vrrp_state_backup): the next advert of another MASTER
 * may come too late. It stays MASTER only where that one does not beat it: with `nopreempt`, or among equals.
 */
function hasty(race: Race, announced: readonly Seat[], at: Bound): Taker[] {
  const { standings, masters } = race
  const heard = (seat: Seat): boolean =>
    !isCut(standings, seat) && announced.some(({ index }) => seat.hears[index] === true)
  return race.field.actors.flatMap((actor) => {
    if (masters.length === 0 || masters.includes(actor) || isOut(standings, actor)) return []
    if (timerOf(race, actor) !== undefined || !actor.seats.every(heard)) return []
    if (masters.some((master) => beats(standings, master, actor))) return []
    const skews = actor.seats.map((seat) => skewOf(race, seat)).sort((a, b) => b.ms - a.ms)
    const { ms, terms } = later(at, skews.slice(0, 1))
    return [{ atMs: ms, terms, actors: [actor] }]
  })
}

function skewOf(race: Race, seat: Seat): Term {
  return skewTerm(seat.router, priorityOf(race.standings, seat), intervalOf(race, seat))
}

/** An instance that leaves sends priority 0, and those that its sync group takes along do (vrrp_sync_fault). */
function announcing(race: Race, { seat, step }: Happening): readonly Seat[] {
  if (step.standing.kind === 'runs' || step.standing.left !== 'announced') return []
  return seat.actor.seats.filter(
    (other) => other === seat || (!isCut(race.standings, other) && priorityOf(race.standings, other) > 0),
  )
}

/** Back to its own interval, and no timer runs. */
function rest(race: Race, actor: Actor): void {
  for (const { index, router } of actor.seats) {
    race.timers[index] = undefined
    race.intervalsMs[index] = router.advertMs
  }
}

/** A MASTER that hears a higher one becomes BACKUP. It sends no priority 0 (vrrp_state_leave_master), so others wait in full. */
function giveWay(race: Race, fresh: Actor | undefined, at: Bound): void {
  if (race.masters.length < 2) return
  const kept: Actor[] = []
  const inOrder = [...race.masters].sort((a, b) => (a === fresh ? -1 : b === fresh ? 1 : compare(race.standings, b, a)))
  for (const master of inOrder) {
    const winner = kept.find((other) => beats(race.standings, other, master))
    if (winner === undefined) kept.push(master)
    else if (winner === fresh) race.changed = at
    else race.changed = later(at, [advertTerm(winner.seats[0]?.router.advertMs ?? 0)])
  }
  race.masters = race.masters.filter((master) => kept.includes(master))
}

/** Sets the timers of all that nobody holds back; `announced`: those that have said that they leave. */
function attend(race: Race, announced: readonly Seat[], at: Bound): void {
  const speaking = race.masters.flatMap(({ seats }) => seats)
  for (const actor of race.field.actors) {
    if (race.masters.includes(actor) || isOut(race.standings, actor)) continue
    for (const seat of actor.seats) {
      const holder = speaking.find((other) => holds(race.standings, other, seat))
      if (holder !== undefined) {
        race.timers[seat.index] = undefined
        if (seat.router.version === 3) race.intervalsMs[seat.index] = holder.router.advertMs
      } else if (announced.some((other) => seat.hears[other.index] === true && !isCut(race.standings, seat)))
        race.timers[seat.index] = later(at, [skewOf(race, seat)])
      else race.timers[seat.index] ??= later(at, waitTerms(race, seat, speaking))
    }
  }
}

function waitTerms(race: Race, seat: Seat, speaking: readonly Seat[]): Term[] {
  const intervalMs = intervalOf(race, seat)
  const delays = seat.router.preemptDelayMs > 0 && speaking.some((other) => hearsNow(race.standings, seat, other))
  const delay = delays ? delayTerms(seat.router, intervalMs) : []
  return [...delay, ...downTerms(seat.router, priorityOf(race.standings, seat), intervalMs)]
}

function intervalOf(race: Race, { index, router }: Seat): number {
  return race.intervalsMs[index] ?? router.advertMs
}

/** A group is ready when its last member is (vrrp_sync_can_goto_master). */
function timerOf(race: Race, { seats }: Actor): Bound | undefined {
  let last: Bound | undefined
  for (const { index } of seats) {
    const timer = race.timers[index]
    if (timer === undefined) return undefined
    if (last === undefined || timer.ms > last.ms) last = timer
  }
  return last
}

function later(at: Bound, terms: readonly Term[]): Bound {
  return { ms: terms.reduce((total, { ms }) => total + ms, at.ms), terms: [...at.terms, ...terms] }
}
