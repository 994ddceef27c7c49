import type * as z from 'zod'
import type { passSchema, resultSchema, revisionSchema } from './report/pass-schema.ts'

/** The commit that a pass looked at. */
export type PassRevision = z.infer<typeof revisionSchema>
/** What became of a revision on this node. */
export type PassResult = z.infer<typeof resultSchema>
/** One walk from the repository to the daemons. */
export type PassRecord = z.infer<typeof passSchema>

/** The outside world failed at `stage`. */
export function failed(stage: string, reason: string): PassResult {
  return { kind: 'failed', stage, reason }
}
