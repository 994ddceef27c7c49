import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import * as z from 'zod'
import { createTurns } from '../in-turn.ts'
import { isOver, lastingFor, lastingSchema } from '../lasting.ts'
import { parseStateFile } from '../state-file.ts'
import type { Troubles } from '../troubles.ts'
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

const TROUBLE = 'suspension'

/**
 * Remembers a suspension in `file`, over restarts and boots. `onEnd` hears of one whose time is over. A file that is there
 * and cannot be read is taken for a suspension without an end: somebody may have meant that nothing changes.
 */
export function createSuspensions(
  file: string,
  { now, onEnd, troubles }: { now(): number; onEnd(): void; troubles: Pick<Troubles, 'raise' | 'clear'> },
): Suspensions {
  const found = load(file)
  if (found.kind === 'unreadable') {
    troubles.raise(
      TROUBLE,
      `${file} cannot be read: ${found.reason}; this node stays suspended, as it may have been: lb-agent resume ends that`,
    )
  }
  let suspension =
    found.kind === 'unreadable'
      ? { ...lastingFor(undefined, now()), reason: `${file} cannot be read` }
      : found.suspension
  const inTurn = createTurns()
  /** What the file says. `suspension` is ahead of it: one that begins holds before the disk has it. */
  let remembered = suspension
  let begun = 0
  const forget = async (): Promise<void> => {
    await rm(file, { force: true })
    remembered = undefined
  }
  const current = (): Suspension | undefined => {
    if (suspension === undefined || !isOver(suspension, now())) return suspension
    const over = suspension
    suspension = undefined
    // It carries its own end: one that cannot be removed is over all the same.
    inTurn(async () => (remembered === over ? forget() : undefined)).catch(() => undefined)
    onEnd()
    return undefined
  }
  const timer = setInterval(current, LOOK_EVERY_MS)
  return {
    current,
    begin: async ({ forMs, reason }) => {
      const next = { ...lastingFor(forMs, now()), reason }
      // Before the disk has it: a pass under way looks meanwhile.
      suspension = next
      begun += 1
      await inTurn(async () => {
        try {
          await writeDurably(file, JSON.stringify(next), 0o640)
        } catch (error) {
          if (suspension === next) suspension = remembered
          throw error
        }
        remembered = next
        troubles.clear(TROUBLE)
      })
      return next
    },
    end: () => {
      const begunBefore = begun
      return inTurn(async () => {
        const ended = begun === begunBefore ? current() : remembered
        await forget()
        // One that has begun since this was asked for stands.
        if (begun === begunBefore) suspension = undefined
        troubles.clear(TROUBLE)
        return ended
      })
    },
    close: () => clearInterval(timer),
  }
}

type Found = { kind: 'read'; suspension: Suspension | undefined } | { kind: 'unreadable'; reason: string }

function load(file: string): Found {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'read', suspension: undefined }
    return { kind: 'unreadable', reason: (error as Error).message }
  }
  const read = parseStateFile(text, suspensionSchema)
  return read.kind === 'read' ? { kind: 'read', suspension: read.value } : read
}
