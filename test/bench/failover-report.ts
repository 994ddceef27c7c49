import { type RoundResult, type Spread, spread } from '../../src/drill/judge.ts'

/** All rounds of one fault on one side. */
export type Row = {
  side: string
  fault: string
  rounds: number
  /** Rounds in which the VIP should have moved and did not within the window. */
  never: number
  gapMs: Spread
  sent: number
  failed: number
  moves: { min: number; max: number }
  togetherMs: Spread
  togetherWithCutMs: Spread
  nobodyMs: Spread
  /** Every gap, in the order of the rounds. */
  gapsMs: readonly number[]
  why: readonly string[]
}

/** Faults that move no VIP: a gap there is the whole story. */
const STAYS = new Set([
  ...['no-fault', 'agent-kill', 'agent-hang', 'agent-upgrade', 'haproxy-reload', 'backends-down-everywhere'],
])

export function toRow(side: string, fault: string, rounds: readonly RoundResult[]): Row {
  const moves = rounds.map((round) => round.moves)
  const gapsMs = rounds.map(({ gapMs }) => gapMs)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    side,
    fault,
    rounds: rounds.length,
    // SIGKILL of keepalived leaves the VIP where it is, on two nodes: that is told by the column for two.
    never: STAYS.has(fault) ? 0 : rounds.filter((round) => round.moves === 0 && round.togetherMs === 0).length,
    gapMs: spread(gapsMs),
    sent: sum(rounds.map(({ sent }) => sent)),
    failed: sum(rounds.map(({ failed }) => failed)),
    moves: { min: Math.min(...moves), max: Math.max(...moves) },
    togetherMs: spread(rounds.map(({ togetherMs }) => togetherMs)),
    togetherWithCutMs: spread(rounds.map(({ togetherWithCutMs }) => togetherWithCutMs)),
    nobodyMs: spread(rounds.map(({ nobodyMs }) => nobodyMs)),
    gapsMs,
    why: [...new Set(rounds.flatMap(({ why }) => why))],
  }
}

const HEAD = [
  ...[
    'fault',
    'side',
    'rounds',
    'gap ms p50',
    'p99',
    'max',
    'failed',
    'of',
    'moves',
    'two hold ms',
    'with cut',
    'nobody ms',
  ],
]

export function formatRows(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.fault,
    row.side,
    String(row.rounds),
    ...gapCells(row),
    String(row.failed),
    String(row.sent),
    row.moves.min === row.moves.max ? String(row.moves.max) : `${row.moves.min}-${row.moves.max}`,
    row.togetherMs.max.toFixed(1),
    row.togetherWithCutMs.max.toFixed(0),
    row.nobodyMs.max.toFixed(1),
  ])
  return [
    ...columns([HEAD, ...lines], 2),
    'gap: longest time without an answer in a window. never: the VIP did not move within 12 s.',
    'two hold, nobody: longest time at once in which two nodes that could be reached held the VIP, or none did (worst round).',
    'with cut: also held by the node that was cut off. By hand, a killed daemon stays down for the window.',
  ].join('\n')
}

/** Aligned cells: the first `words` columns to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[], words: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const cell = (text: string, column: number): string =>
    column < words ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(cell).join('  ').trimEnd())
}

function gapCells({ never, rounds, gapMs }: Row): string[] {
  if (never === rounds) return ['never', 'never', 'never']
  const some = never > 0 ? 'never' : undefined
  return [gapMs.p50.toFixed(1), some ?? gapMs.p99.toFixed(1), some ?? gapMs.max.toFixed(1)]
}
