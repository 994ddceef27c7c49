import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { writeDurably } from '../write-file.ts'

const rejectedSchema = z.object({ revision: z.string(), stage: z.string(), reason: z.string(), atMs: z.number() })

const stateSchema = z.object({
  /** The release the daemons run, and the newest revision that it stands for (a later commit can render the same files). */
  applied: z.object({ release: z.string(), revision: z.string(), atMs: z.number() }).nullable(),
  previous: z.string().nullable(),
  rejected: z.array(rejectedSchema),
})

const journalSchema = z.object({
  from: z.string().nullable(),
  to: z.string(),
  revision: z.string(),
  startedAtMs: z.number(),
  /** How many agents have worked on this apply; the third one undoes it. */
  attempts: z.number(),
})

/** What this node has applied and refused, durable. */
export type ApplyState = z.infer<typeof stateSchema>
/** A revision that failed a stage; not tried again. */
export type Rejected = z.infer<typeof rejectedSchema>
/** An apply under way, written before the first live file is touched and removed after the last. */
export type Journal = z.infer<typeof journalSchema>

const EMPTY: ApplyState = { applied: null, previous: null, rejected: [] }
const KEPT_REJECTED = 20

export type StateFiles = {
  readState(): Promise<ApplyState>
  writeState(state: ApplyState): Promise<void>
  readJournal(): Promise<Journal | undefined>
  writeJournal(journal: Journal | undefined): Promise<void>
}

export function createStateFiles(directory: string): StateFiles {
  const statePath = join(directory, 'state.json')
  const journalPath = join(directory, 'journal.json')
  return {
    readState: async () => stateSchema.parse((await readJson(statePath)) ?? EMPTY),
    writeState: (state) =>
      write(statePath, { ...state, rejected: state.rejected.slice(-KEPT_REJECTED) } satisfies ApplyState),
    readJournal: async () => {
      const found = await readJson(journalPath)
      return found === undefined || found === null ? undefined : journalSchema.parse(found)
    },
    writeJournal: (journal) => write(journalPath, journal ?? null),
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}

function write(path: string, value: unknown): Promise<void> {
  return writeDurably(path, `${JSON.stringify(value, undefined, 2)}\n`, 0o640)
}
