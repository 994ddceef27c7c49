import * as z from 'zod'
import { clusterSchema } from './cluster-schema.ts'
import { statusSchema } from './status-schema.ts'

/**
 * The JSON Schema (draft 2020-12) of what `status --json` prints. It allows fields that it does not name: a newer
 * agent may have more.
 */
export function reportSchema(which: 'status' | 'cluster'): object {
  return z.toJSONSchema(which === 'status' ? statusSchema : clusterSchema, {
    // As a reader takes it in: what is not named is allowed.
    io: 'input',
    target: 'draft-2020-12',
    // Of the types in our own code, and nothing that a reader could use.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
    },
  })
}
