import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../src/drill/lab.ts'
import { percentile } from '../../src/drill/statistics.ts'

/** One of the two ways to reload. Only one of them runs at a time: both serve the same address. */
export type Side = {
  name: string
  start(): Promise<void>
  /** Changes the file and reloads; returns once the new worker is proven to serve. */
  reload(): Promise<Took>
  stop(): Promise<void>
}

/** `reloadMs`: from telling HAProxy to its new worker's answer. `changeMs`: the whole way (from the commit, or from the file). */
export type Took = { reloadMs: number; changeMs: number }

export type Measured = Took & {
  side: string
  sent: number
  failed: number
  longestGapMs: number
  failures: Readonly<Record<string, number>>
}

export type SideSummary = {
  side: string
  reloads: number
  sent: number
  failed: number
  gapMs: { p50: number; max: number }
  reloadMs: { p50: number; max: number }
  changeMs: { p50: number; max: number }
  failures: Readonly<Record<string, number>>
}

const WARM_UP_MS = 1_000
const SETTLE_MS = 300

/** Starts a side and a client that never stops asking; each `reload` measures one window around one reload. */
export async function measureReload(
  lab: Lab,
  side: Side,
  everyMs: number,
): Promise<{ reload(windowMs: number): Promise<Measured>; close(): Promise<void> }> {
  await side.start()
  const client = lab.startClient(everyMs)
  await sleep(WARM_UP_MS)
  return {
    reload: async (windowMs) => {
      await client.mark()
      const startedAt = performance.now()
      const took = await side.reload()
      // Windows of one length, or the side that takes longer would also have the larger chance of a gap that is not its
      // own; and what the old worker had taken must have its answer inside.
      await sleep(Math.max(SETTLE_MS, startedAt + windowMs - performance.now()))
      const [window] = Object.values(await client.report())
      if (window === undefined) throw new Error('the client watches no service')
      const { sent, failed, longestGapMs, failures } = window
      return { side: side.name, ...took, sent, failed, longestGapMs, failures }
    },
    close: async () => {
      await client.close()
      await side.stop()
    },
  }
}

export function summarizeSide(side: string, all: readonly Measured[]): SideSummary {
  const mine = all.filter((measured) => measured.side === side)
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
  const spread = (values: readonly number[]) => ({ p50: percentile(values, 50), max: Math.max(0, ...values) })
  const failures: Record<string, number> = {}
  for (const measured of mine) {
    for (const [word, count] of Object.entries(measured.failures)) failures[word] = (failures[word] ?? 0) + count
  }
  return {
    side,
    reloads: mine.length,
    sent: total(mine.map(({ sent }) => sent)),
    failed: total(mine.map(({ failed }) => failed)),
    gapMs: spread(mine.map(({ longestGapMs }) => longestGapMs)),
    reloadMs: spread(mine.map(({ reloadMs }) => reloadMs)),
    changeMs: spread(mine.map(({ changeMs }) => changeMs)),
    failures,
  }
}

export function formatTable(
  sides: readonly SideSummary[],
  conditions: { perSecond: number; windowMs: number },
): string {
  const head = ['', 'reloads', 'sent', 'failed', 'gap ms p50', 'max', 'reload ms p50', 'max', 'change ms p50', 'max']
  const rows = sides.map(({ side, reloads, sent, failed, gapMs, reloadMs, changeMs }) => [
    side,
    ...[reloads, sent, failed].map(String),
    ...[gapMs, reloadMs, changeMs].flatMap(({ p50, max }) => [p50.toFixed(1), max.toFixed(1)]),
  ])
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  const lost = sides.flatMap(({ side, failures }) =>
    Object.entries(failures).map(([word, count]) => `${side}: ${count} ${word}`),
  )
  return [
    `${conditions.perSecond} new connections per second; a window begins with a change and lasts ${conditions.windowMs} ms or longer`,
    ...[head, ...rows].map(line),
    'gap: longest time without an answer in a window. reload: telling HAProxy -> new worker answers.',
    'change: commit (or file) -> new worker answers.',
    ...lost,
  ].join('\n')
}
