import type { Actor, Field } from './field.ts'
import type { Bound } from './outcome.ts'
import { begin, copyOf, type Happening, happen, nextTaker, type Race, start, type Taker, take } from './race.ts'
import type { Standing } from './standing.ts'

/** Who is MASTER once every timer has run out. Where nothing says which of several it is, there is a world for each. */
export type World = {
  masters: readonly Actor[]
  /** Those that were killed as MASTER: their node still has the addresses. */
  left: readonly Actor[]
  /** The last change, from the moment of the faults; undefined: nothing has changed. */
  changed: Bound | undefined
}

/**
 * The worlds of a cluster whose nodes start at the same time with nothing wrong. `state MASTER` makes no difference, except for
 * the owner of an address and in a sync group: keepalived 2.2.7 waits for a whole down timer (vrrp_init_state; measured).
 */
export function coldStart(field: Field): World[] {
  const race = begin(
    field,
    field.seats.map(({ healthy }) => healthy),
    [],
    [],
  )
  start(race, field.actors)
  return merge(run(race, []).map((world) => ({ ...world, changed: undefined })))
}

/** The worlds that come of one in which `standings` hold, by `Seat.index`, when `happenings` change them. Their times are the worst. */
export function electAgain(
  field: Field,
  world: World,
  standings: readonly Standing[],
  happenings: readonly Happening[],
): World[] {
  if (isQuiet(world, happenings)) return [{ ...world, changed: undefined }]
  const inTime = [...happenings].sort((a, b) => a.step.atMs - b.step.atMs)
  return merge(run(begin(field, standings, world.masters, world.left), inTime))
}

/** Who goes without being MASTER changes nothing: nobody in a settled world waits for it. */
export function isQuiet({ masters, left }: World, happenings: readonly Happening[]): boolean {
  return happenings.every(
    ({ seat, step }) => step.standing.kind === 'out' && !masters.includes(seat.actor) && !left.includes(seat.actor),
  )
}

function run(race: Race, happenings: readonly Happening[]): World[] {
  let done = 0
  for (;;) {
    const taker = nextTaker(race)
    const happening = happenings[done]
    if (happening !== undefined && (taker === undefined || happening.step.atMs <= taker.atMs)) {
      const hasty = happen(race, happening)
      done += 1
      if (hasty.length > 0)
        return [...run(copyOf(race), happenings.slice(done)), ...branches(race, hasty, happenings.slice(done))]
      continue
    }
    if (taker === undefined) return [{ masters: race.masters, left: race.left, changed: race.changed }]
    const [first, ...others] = taker.actors
    if (others.length > 0) return branches(race, [taker], happenings.slice(done))
    if (first !== undefined) take(race, first, taker)
  }
}

function branches(race: Race, takers: readonly Taker[], happenings: readonly Happening[]): World[] {
  return takers.flatMap((taker) =>
    taker.actors.flatMap((actor) => {
      const one = copyOf(race)
      take(one, actor, taker)
      return run(one, happenings)
    }),
  )
}

/** Worlds in which the same instances are MASTER are one, with the later time. */
export function merge(worlds: readonly World[]): World[] {
  if (worlds.length < 2) return [...worlds]
  const byWho = new Map<string, World>()
  for (const world of worlds) {
    const who = [world.masters, world.left]
      .map((actors) =>
        actors
          .map(({ index }) => index)
          .sort()
          .join(' '),
      )
      .join(' + ')
    const known = byWho.get(who)
    if (known === undefined || (known.changed?.ms ?? -1) < (world.changed?.ms ?? -1)) byWho.set(who, world)
  }
  return [...byWho.values()]
}
