import type { Fields } from './clean-record.ts'

export type Entry = { level: 'info' | 'warn' | 'error'; message: string; fields: Fields }

export type Repeats = {
  /** What is written now because of `entry`: nothing, or the entry with what was left out before it. */
  take(entry: Entry, atMs: number): readonly Entry[]
  /** What is written now because time has passed. */
  due(atMs: number): readonly Entry[]
  /** Everything that was held back, at the end of the agent. */
  flush(): readonly Entry[]
}

/** What is told again and again is told after these; then each hour. */
const TELL_AGAIN_MS = [60_000, 300_000, 900_000, 3_600_000] as const
/** Without a repeat for this long it is over. The longest pause between two looks at the repository is 5 minutes. */
const OVER_AFTER_MS = 900_000
/** Changes of one subject that are told one by one, and how long each takes to be allowed again. */
const CHANGES = 20
const CHANGE_EVERY_MS = 10_000
const MOST_SUBJECTS = 200

/** What one subject said last. `repeats`: left out since it was told. `isHeld`: a change that came too soon to be told. */
type Run = {
  key: string
  entry: Entry
  lastAtMs: number
  repeats: number
  told: number
  tellAgainAtMs: number
  allowed: number
  allowedAtMs: number
  leftOut: number
  isHeld: boolean
}

/**
 * Keeps what repeats out of the log, and never what changed.
 *
 * The subject of an entry is its field `about` (`repository`, `gate`, `VIP api`), or else its message. An entry that says
 * what its subject said last is a repeat: it is left out, and told again after 1, 5 and 15 minutes and then each hour,
 * with the number of those left out before it (`repeated`). Numbers that differ in any try (`…Ms`, `tries`, durations in
 * words) make nothing new. A run of repeats that just stops is told as `no longer repeated`.
 *
 * An entry that says something else is a change, also one that is said by turns (a gate that opens and closes): it is told
 * at once, with the number of entries about its subject that were left out before it (`leftOut`). There is a limit: 20 in
 * a row of one subject, then one in ten seconds, the newest. So the last state is in the log after ten seconds at most,
 * and no subject writes more than 9,000 lines in a day, whatever another program says. The counters of /metrics have all
 * of them.
 */
export function createRepeats(): Repeats {
  const runs = new Map<string, Run>()

  const take = (entry: Entry, atMs: number): Entry[] => {
    const about = entry.fields['about']
    const subject = typeof about === 'string' ? about : entry.message
    const key = keyOf(entry)
    const before = runs.get(subject)
    // The one that speaks last is the last to be forgotten.
    runs.delete(subject)
    if (before?.key === key) {
      runs.set(subject, before)
      return repeat(before, entry, atMs)
    }

    const run: Run = {
      key,
      entry,
      lastAtMs: atMs,
      repeats: 0,
      told: 0,
      tellAgainAtMs: atMs + TELL_AGAIN_MS[0],
      ...allowance(before, atMs),
      leftOut: before === undefined ? 0 : before.repeats + (before.isHeld ? before.leftOut + 1 : 0),
      isHeld: false,
    }
    runs.set(subject, run)
    const forgotten = runs.size > MOST_SUBJECTS ? forgetOldest() : []
    if (run.allowed >= 1) return [...forgotten, tell(run)]
    run.isHeld = true
    return forgotten
  }

  const forgetOldest = (): Entry[] => {
    const [oldest] = runs
    if (oldest === undefined) return []
    runs.delete(oldest[0])
    return endOf(oldest[1])
  }

  return {
    take,
    due: (atMs) => {
      const entries: Entry[] = []
      for (const [subject, run] of runs) {
        Object.assign(run, allowance(run, atMs))
        if (run.isHeld && run.allowed >= 1) entries.push(tell(run))
        if (atMs - run.lastAtMs < OVER_AFTER_MS) continue
        entries.push(...endOf(run))
        runs.delete(subject)
      }
      return entries
    },
    flush: () => {
      const entries = [...runs.values()].flatMap(endOf)
      runs.clear()
      return entries
    },
  }
}

function repeat(run: Run, entry: Entry, atMs: number): Entry[] {
  run.lastAtMs = atMs
  if (run.isHeld || atMs < run.tellAgainAtMs) {
    run.repeats += 1
    return []
  }
  const told = withFields(entry, { repeated: run.repeats })
  run.told += 1
  run.repeats = 0
  run.tellAgainAtMs = atMs + (TELL_AGAIN_MS[run.told] ?? TELL_AGAIN_MS[3])
  return [told]
}

/** How many changes a subject may tell now. */
function allowance(run: Run | undefined, atMs: number): Pick<Run, 'allowed' | 'allowedAtMs'> {
  if (run === undefined) return { allowed: CHANGES, allowedAtMs: atMs }
  const more = Math.floor((atMs - run.allowedAtMs) / CHANGE_EVERY_MS)
  return { allowed: Math.min(CHANGES, run.allowed + more), allowedAtMs: run.allowedAtMs + more * CHANGE_EVERY_MS }
}

/** Takes a change from the allowance. */
function tell(run: Run): Entry {
  run.isHeld = false
  run.allowed -= 1
  return run.leftOut === 0 ? run.entry : withFields(run.entry, { leftOut: run.leftOut })
}

/** What a run that is over still has to tell. */
function endOf(run: Run): Entry[] {
  const held = run.isHeld ? [tell(run)] : []
  if (run.repeats === 0) return held
  const about = run.entry.fields['about']
  const fields = { ...(about === undefined ? {} : { about }), what: run.entry.message, repeated: run.repeats }
  return [...held, { level: 'info', message: 'no longer repeated', fields }]
}

function withFields(entry: Entry, fields: Fields): Entry {
  return { ...entry, fields: { ...entry.fields, ...fields } }
}

/** Two entries with the same key tell a reader the same. */
function keyOf({ level, message, fields }: Entry): string {
  const told = JSON.stringify(fields, (name, value: unknown) => {
    if (typeof value === 'string') return value.replace(/\b\d+(?:\.\d+)? ?(?:ms|s|min|h)\b/g, '#')
    return typeof value === 'number' && (name.endsWith('Ms') || name === 'tries') ? undefined : value
  })
  return `${level} ${message} ${told}`
}
