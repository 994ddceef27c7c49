import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import * as z from 'zod'
import { isOver, lastingFor, lastingSchema } from '../lasting.ts'
import { writeDurably } from '../write-file.ts'

/** New revisions are looked at, but not applied, until somebody says so or the time is over. */
const suspensionSchema = lastingSchema.extend({ reason: z.string() })
export type Suspension = z.infer<typeof suspensionSchema>

export type Suspensions = {
  current(): Suspension | undefined
  /** Replaces one that stands. Rejects with what the file system says; then nothing has changed. */
  begin(options: { forMs: number | undefined; reason: string }): Promise<Suspension>
  /** Gives the one that has ended, if there was one. */
  end(): Promise<Suspension | undefined>
  close(): void
}

const LOOK_EVERY_MS = 1_000

/** Remembers a suspension in `file`, over restarts and boots. `onEnd` hears of one whose time is over. */
export function createSuspensions(file: string, now: () => number, onEnd: () => void): Suspensions {
  let suspension = load(file)
  const current = (): Suspension | undefined => {
    if (suspension === undefined || !isOver(suspension, now())) return suspension
    suspension = undefined
    // It carries its own end: one that cannot be removed is over all the same.
    rm(file, { force: true }).catch(() => undefined)
    onEnd()
    return undefined
  }
  const timer = setInterval(current, LOOK_EVERY_MS)
  return {
    current,
    begin: async ({ forMs, reason }) => {
      const next = { ...lastingFor(forMs, now()), reason }
      await writeDurably(file, JSON.stringify(next), 0o640)
      suspension = next
      return next
    },
    end: async () => {
      const ended = current()
      await rm(file, { force: true })
      suspension = undefined
      return ended
    },
    close: () => clearInterval(timer),
  }
}

function load(file: string): Suspension | undefined {
  try {
    return suspensionSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
