import type { Effect, Fault } from './faults/fault.ts'
import type { Holding } from './holding.ts'
import { percentile, TOO_LATE, type Window } from './statistics.ts'

/** What one round of a fault came to. Times in ms; moves and times of holding are those of the worst VIP. */
export type RoundResult = {
  /** Everything was as it should be; `why` says what was not. */
  held: boolean
  why: readonly string[]
  said: string
  from: string
  to: string
  sent: number
  failed: number
  failures: Readonly<Record<string, number>>
  gapMs: number
  moves: number
  /** Two nodes that could be reached held a VIP: the longest time at once. */
  togetherMs: number
  /** A VIP was also held by a node that was cut off. */
  togetherWithCutMs: number
  /** No node that could be reached held a VIP: the longest time at once. */
  nobodyMs: number
}

export type FaultReport = {
  fault: string
  rounds: number
  held: number
  sent: number
  failed: number
  gapMs: Spread
  /** Fewest and most in a round. */
  moves: { min: number; max: number }
  togetherMs: Spread
  togetherWithCutMs: Spread
  nobodyMs: Spread
  failures: Readonly<Record<string, number>>
  from: string
  to: string
  /** Why rounds did not hold. */
  why: readonly string[]
}

export type Spread = { p50: number; p99: number; max: number }

/** What a client that tries once more hardly notices. The measured figures are far below. */
const LONGEST_GAP_MS = 1_000
/** A service whose last answer is older at the end of a window has not come back. */
const SILENT_MS = 300
/** Its request comes to the new node, which knows nothing of it; or to the old one just after the address has left. */
const OF_A_HAND_OVER = ['ECONNRESET', TOO_LATE]

/**
 * A round held when the fault had its effect, every VIP moved as often as it should, no two nodes held one for longer than
 * VRRP needs, every service answers again, and no request was lost where none may be. A TCP connection cannot be moved: of
 * each service the one that was being opened as a VIP went to another node may be lost; `said` tells it.
 */
export function judge(
  fault: Pick<Fault, 'spares'>,
  effect: Effect,
  windows: Readonly<Record<string, Window>>,
  holdings: Readonly<Record<string, Holding>>,
  advertIntervalMs: number,
): RoundResult {
  const all = Object.values(windows)
  const why: string[] = effect.held ? [] : [effect.said]
  const said = [effect.said]
  const mayMove = Object.values(effect.moves).some((moves) => moves > 0)
  for (const [vip, { moves, holders, longestTogetherMs }] of Object.entries(holdings)) {
    const expected = effect.moves[vip] ?? 0
    const way = holders.map(({ node }) => node).join(' -> ') || 'nobody'
    if (moves !== expected) why.push(`${vip} moved ${times(moves)} instead of ${times(expected)} (${way})`)
    // The old one gives a VIP away when it hears the new one, within an interval; a lost advert costs one more.
    const limitMs = 2 * advertIntervalMs + 50
    if (longestTogetherMs > limitMs) why.push(`${vip} was held by two nodes for ${longestTogetherMs} ms`)
  }
  for (const [service, window] of Object.entries(windows)) {
    const taken = effect.taken?.includes(service) ?? false
    if (window.sent === window.failed) why.push(`${service} never answered`)
    else if (window.silentMs > SILENT_MS) why.push(`${service} does not answer at the end`)
    else if (window.longestGapMs > (effect.longestGapMs ?? LONGEST_GAP_MS))
      why.push(`${service} did not answer for ${window.longestGapMs} ms`)
    if (!fault.spares || taken || window.failed === 0) continue
    if (mayMove && window.failed === 1 && OF_A_HAND_OVER.includes(window.firstFailure ?? ''))
      said.push(
        `one connection to ${service} was lost (${window.firstFailure}), as one that is being opened in a hand-over may be`,
      )
    else why.push(`${requests(window.failed)} of ${service} ${window.failed === 1 ? 'was' : 'were'} lost`)
  }
  const worst = (pick: (holding: Holding) => number): number => Math.max(0, ...Object.values(holdings).map(pick))
  return {
    held: why.length === 0,
    why,
    said: said.join('; '),
    from: effect.from,
    to: effect.to,
    sent: sum(all.map(({ sent }) => sent)),
    failed: sum(all.map(({ failed }) => failed)),
    failures: total(all.map(({ failures }) => failures)),
    gapMs: Math.max(0, ...all.map(({ longestGapMs }) => longestGapMs)),
    moves: worst(({ moves }) => moves),
    togetherMs: worst(({ longestTogetherMs }) => longestTogetherMs),
    togetherWithCutMs: worst(({ togetherWithCutMs }) => togetherWithCutMs),
    nobodyMs: worst(({ longestNobodyMs }) => longestNobodyMs),
  }
}

/** Sums up the rounds of one fault. */
export function summarizeFault(fault: string, rounds: readonly RoundResult[]): FaultReport {
  const moves = rounds.map((round) => round.moves)
  const places = (pick: (round: RoundResult) => string): string => [...new Set(rounds.map(pick))].join(', ')
  return {
    fault,
    rounds: rounds.length,
    held: rounds.filter(({ held }) => held).length,
    sent: sum(rounds.map(({ sent }) => sent)),
    failed: sum(rounds.map(({ failed }) => failed)),
    gapMs: spread(rounds.map(({ gapMs }) => gapMs)),
    moves: { min: Math.min(...moves), max: Math.max(...moves) },
    togetherMs: spread(rounds.map(({ togetherMs }) => togetherMs)),
    togetherWithCutMs: spread(rounds.map(({ togetherWithCutMs }) => togetherWithCutMs)),
    nobodyMs: spread(rounds.map(({ nobodyMs }) => nobodyMs)),
    failures: total(rounds.map(({ failures }) => failures)),
    from: places(({ from }) => from),
    to: places(({ to }) => to),
    why: [...new Set(rounds.flatMap(({ why }) => why))],
  }
}

export function spread(values: readonly number[]): Spread {
  return { p50: percentile(values, 50), p99: percentile(values, 99), max: Math.max(0, ...values) }
}

function requests(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function total(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [word, count] of counts.flatMap((one) => Object.entries(one))) all[word] = (all[word] ?? 0) + count
  return all
}

function sum(values: readonly number[]): number {
  return values.reduce((result, value) => result + value, 0)
}
