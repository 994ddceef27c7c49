export type Status = 'well' | 'badly'
/** Several statuses: each of them is possible. None: it never comes so far. */
export type Statuses = ReadonlySet<Status>
export type Ways = {
  /** The script ends within it. */
  exits: Statuses
  /** The function that it is in ends. */
  returns: Statuses
  goesOn: Statuses
}
export const NONE: Statuses = new Set()
export const WELL: Statuses = new Set<Status>(['well'])
export const BADLY: Statuses = new Set<Status>(['badly'])
export const BOTH: Statuses = new Set<Status>(['well', 'badly'])

export const statusesOf = ({ exits, returns, goesOn }: Ways): Statuses => union(exits, returns, goesOn)
export const goingOn = (goesOn: Statuses): Ways => ({ exits: NONE, returns: NONE, goesOn })
export const UNKNOWN = goingOn(BOTH)

export function union(...sets: readonly Statuses[]): Statuses {
  return new Set(sets.flatMap((set) => [...set]))
}

/** What either may come to. */
export function eitherWay(one: Ways, other: Ways): Ways {
  return {
    exits: union(one.exits, other.exits),
    returns: union(one.returns, other.returns),
    goesOn: union(one.goesOn, other.goesOn),
  }
}

export function without(set: Statuses, status: Status): Statuses {
  return new Set([...set].filter((one) => one !== status))
}

export function inverted(set: Statuses): Statuses {
  return new Set([...set].map((one) => (one === 'well' ? 'badly' : 'well')))
}
