import * as z from 'zod'
import { version } from './version.ts'

/** What a file said that this or another version of lb-agent has written; see CONTRIBUTING, "A file of the state directory". */
export type StateRead<T> = { kind: 'read'; value: T } | { kind: 'unreadable'; why: Unreadable; reason: string }
/** `newer`: the file is well, and only a newer version can tell what it means. */
type Unreadable = 'newer' | 'damaged'

/** `format` of what this version can read; a file without one has it. */
const FORMAT = 1
const formatSchema = z.object({ format: z.number() })

/** Reads the JSON `text` of a file that outlives the agent. What `schema` does not name is no mistake: it is a newer version's. */
export function parseStateFile<Schema extends z.ZodType>(text: string, schema: Schema): StateRead<z.output<Schema>> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { kind: 'unreadable', why: 'damaged', reason: (error as Error).message }
  }
  const { data } = formatSchema.safeParse(json)
  if (data !== undefined && data.format > FORMAT) {
    const reason = `a newer lb-agent wrote it (format ${data.format}, and ${version()} reads up to ${FORMAT}): install that version again`
    return { kind: 'unreadable', why: 'newer', reason }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { kind: 'read', value: parsed.data }
  const reason = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  return { kind: 'unreadable', why: 'damaged', reason: reason.join('; ') }
}
