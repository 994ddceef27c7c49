import { jsonSchema } from '../spec/json-schema.ts'

/** Prints the JSON Schema of lb.yaml, or of agent.yaml. */
export async function schema(options: { agent?: boolean }): Promise<number> {
  console.log(JSON.stringify(jsonSchema(options.agent === true ? 'agent' : 'lb'), undefined, 2))
  return 0
}
