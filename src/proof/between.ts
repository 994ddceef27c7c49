import type { Actor, Seat } from './field.ts'
import { isHigher, type Rival } from './hears.ts'
import type { Standing } from './standing.ts'

/** How each instance stands, by `Seat.index`. */
export type Standings = readonly Standing[]

/** vrrp_state_backup: adverts of at least its own priority count, and with `nopreempt` all. */
export function holds(standings: Standings, master: Seat, backup: Seat): boolean {
  if (!hearsNow(standings, backup, master)) return false
  return backup.router.nopreempt || priorityOf(standings, master) >= priorityOf(standings, backup)
}

/** A MASTER whose adverts make the other one BACKUP. */
export function beats(standings: Standings, one: Actor, other: Actor): boolean {
  return other.seats.some((seat) =>
    one.seats.some(
      (higher) => hearsNow(standings, seat, higher) && isHigher(rivalOf(standings, higher), rivalOf(standings, seat)),
    ),
  )
}

function rivalOf(standings: Standings, seat: Seat): Rival {
  return { priority: priorityOf(standings, seat), sourceOrder: seat.sourceOrder }
}

/** `to` takes the adverts of `from`, and both links are up. */
export function hearsNow(standings: Standings, to: Seat, from: Seat): boolean {
  return to.hears[from.index] === true && !isCut(standings, to) && !isCut(standings, from)
}

/** Some member of `to` takes the adverts of some member of `from`. */
export function hearAny(to: Actor, from: Actor): boolean {
  return to.seats.some(({ hears }) => from.seats.some(({ index }) => hears[index] === true))
}

/** It runs behind a link that is down. */
export function isCut(standings: Standings, { index }: Seat): boolean {
  const standing = standings[index]
  return standing?.kind === 'runs' && standing.cut
}

/** One member in FAULT takes its whole group along. */
export function isOut(standings: Standings, { seats }: Actor): boolean {
  return seats.some(({ index }) => standings[index]?.kind !== 'runs')
}

/** The effective priority; 0 of one that is out. */
export function priorityOf(standings: Standings, { index }: Seat): number {
  const standing = standings[index]
  return standing?.kind === 'runs' ? standing.priority : 0
}

/** More than 0: the first has the higher priority, for a group that of its first member. */
export function compare(standings: Standings, a: Actor, b: Actor): number {
  const [first] = a.seats
  const [second] = b.seats
  return (
    (first === undefined ? 0 : priorityOf(standings, first)) -
    (second === undefined ? 0 : priorityOf(standings, second))
  )
}
