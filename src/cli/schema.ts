import { reportSchema } from '../report/json-schema.ts'
import { jsonSchema } from '../spec/json-schema.ts'

export type Described = 'lb.yaml' | 'agent.yaml' | 'status' | 'cluster'

/** Prints the JSON Schema of a file that people write, or of what `status --json` and `status --cluster --json` print. */
export async function schema(options: { of: Described }): Promise<number> {
  console.log(JSON.stringify(schemaOf(options.of), undefined, 2))
  return 0
}

function schemaOf(what: Described): object {
  switch (what) {
    case 'lb.yaml':
      return jsonSchema('lb')
    case 'agent.yaml':
      return jsonSchema('agent')
    case 'status':
    case 'cluster':
      return reportSchema(what)
    default:
      return what satisfies never
  }
}
