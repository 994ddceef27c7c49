import type { NewEvent } from './event.ts'

export type Repeats = {
  /** The event as it is told; `fold`: it takes the place of the one before, `write`: it is new for the file. */
  take(event: NewEvent, atMs: number): { event: NewEvent; fold: boolean; write: boolean }
}

/** This many of a kind are told one by one. */
const TOLD = 5
const WITHIN_MS = 60_000

/** A daemon that dies at every start (twelve times a minute) must not push everything else out of the story. */
export function createRepeats(): Repeats {
  const series = new Map<string, { count: number; atMs: number }>()
  return {
    take: (event, atMs) => {
      if (event.kind !== 'daemon') return { event, fold: false, write: true }
      const key = `${event.unit} ${event.what} ${event.reason}`
      const before = series.get(key)
      const count = before !== undefined && Math.abs(atMs - before.atMs) < WITHIN_MS ? before.count + 1 : 1
      for (const [other, { atMs: lastMs }] of series) if (Math.abs(atMs - lastMs) >= WITHIN_MS) series.delete(other)
      series.set(key, { count, atMs })
      if (count <= TOLD) return { event, fold: false, write: true }
      const said = `${count} times in a row, only the first ${TOLD} and the newest are told`
      const reason = event.reason === '' ? said : `${event.reason} (${said})`
      return { event: { ...event, reason }, fold: count > TOLD + 1, write: count === TOLD + 1 }
    },
  }
}
