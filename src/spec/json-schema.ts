import * as z from 'zod'
import { agentSchema } from './agent-schema.ts'
import { specSchema } from './spec-schema.ts'

/** The JSON Schema (draft 2020-12) of lb.yaml or agent.yaml as people write them; editors complete and explain keys by it. */
export function jsonSchema(which: 'lb' | 'agent'): object {
  return z.toJSONSchema(which === 'lb' ? specSchema : agentSchema, { io: 'input', target: 'draft-2020-12' })
}
