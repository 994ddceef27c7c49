import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { parseStateFile } from '../state-file.ts'
import { writeDurably } from '../write-file.ts'

// Loose: what a newer version has put in besides is there again when that one comes back.
const rejectedSchema = z.looseObject({ revision: z.string(), stage: z.string(), reason: z.string(), atMs: z.number() })

const stateSchema = z.looseObject({
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
  /** How many agents have died over this apply, with the one that works on it: an agent that finds two undoes it. */
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
  /** What the file says: kept in memory, so that whoever shows it waits for no disk. */
  current(): ApplyState
  /** Durable first, current after that. Rejects with what the file system says; then `current` is as it was. */
  writeState(state: ApplyState): Promise<void>
  readJournal(): Promise<Journal | undefined>
  writeJournal(journal: Journal | undefined): Promise<void>
}

/**
 * Opens the files of `directory`. The state is read once: this agent alone writes it (see lock.ts). Throws when it is there
 * and cannot be read, because an agent that knows nothing of what it has applied would apply anew what was rejected.
 */
export async function openStateFiles(directory: string): Promise<StateFiles> {
  const statePath = join(directory, 'state.json')
  const journalPath = join(directory, 'journal.json')
  let current = (await readJson(statePath, stateSchema)) ?? EMPTY
  return {
    current: () => current,
    writeState: async (state) => {
      const next: ApplyState = { ...state, rejected: state.rejected.slice(-KEPT_REJECTED) }
      await write(statePath, next)
      current = next
    },
    readJournal: async () => (await readJson(journalPath, journalSchema.nullable())) ?? undefined,
    writeJournal: (journal) => write(journalPath, journal ?? null),
  }
}

/** undefined when there is no such file. */
async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
  const read = parseStateFile(text, schema)
  if (read.kind === 'read') return read.value
  throw new Error(`${path} cannot be read: ${read.reason}`)
}

function write(path: string, value: unknown): Promise<void> {
  return writeDurably(path, `${JSON.stringify(value, undefined, 2)}\n`, 0o640)
}
