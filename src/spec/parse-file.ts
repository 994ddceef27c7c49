import type { output, ZodType } from 'zod'
import type { Finding } from './finding.ts'
import { findingsOfIssue } from './findings-of-issue.ts'
import type { Position, Problem } from './problem.ts'
import { readYaml, type Yaml } from './read-yaml.ts'
import type { YamlPath } from './yaml-path.ts'

/** Where a value of the file stands; of one that is not written, the nearest that holds it. */
export type Places = (path: YamlPath) => Position

const MAX_PROBLEMS = 200

/**
 * Reads a YAML file against a schema. `crossCheck` reads the raw value, of which any part may be of a wrong type, so that
 * what it finds is reported together with what the schema finds. Problems come in the order of the file.
 */
export function parseFile<S extends ZodType>(options: {
  text: string
  file: string
  schema: S
  crossCheck: (value: unknown) => Finding[]
}): { kind: 'value'; value: output<S>; places: Places } | { kind: 'problems'; problems: Problem[] } {
  const { text, file, schema, crossCheck } = options
  const read = readYaml(text, file)
  if (read.kind === 'problems') return { kind: 'problems', problems: inOrder(read.problems, file) }

  const { yaml } = read
  const checked = schema.safeParse(yaml.value, { error: () => 'this is not allowed here' })
  const issues = checked.success ? [] : checked.error.issues
  const findings = [...issues.flatMap((issue) => findingsOfIssue(issue, yaml.value)), ...crossCheck(yaml.value)]
  const problems = [...yaml.problems, ...findings.flatMap((finding) => problemOf(finding, yaml, file))]
  if (checked.success && problems.length === 0)
    return { kind: 'value', value: checked.data, places: placesOf(yaml, file) }
  return { kind: 'problems', problems: inOrder(problems, file) }
}

function problemOf({ path, spot, message }: Finding, yaml: Yaml, file: string): Problem[] {
  if (spot !== 'parent') return [{ file, ...(spot === 'key' ? yaml.keyAt(path) : yaml.valueAt(path)), message }]
  // It stands in the file, but could not be read: readYaml has said why.
  if (yaml.has(path)) return []
  return [{ file, ...yaml.keyAt(path.slice(0, -1)), message }]
}

function placesOf(yaml: Yaml, file: string): Places {
  return (path) => {
    let written = path
    while (!yaml.has(written) && written.length > 0) written = written.slice(0, -1)
    if (written.length === 0) return { file, line: 0, col: 0 }
    return { file, ...(written.length === path.length ? yaml.valueAt(written) : yaml.keyAt(written)) }
  }
}

function inOrder(problems: readonly Problem[], file: string): Problem[] {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.col - b.col)
  if (sorted.length <= MAX_PROBLEMS) return sorted
  const rest = { file, line: 0, col: 0, message: `${sorted.length - MAX_PROBLEMS} more problems are not listed` }
  return [...sorted.slice(0, MAX_PROBLEMS), rest]
}
