import { isAbsolute, relative, resolve } from 'node:path'
import type { Annotation, Format } from '../annotate/annotation.ts'
import { formatGithub } from '../annotate/github.ts'
import { formatSarif } from '../annotate/sarif.ts'
import type { RuleFinding } from '../rules/finding.ts'
import type { Position, Problem } from '../spec/problem.ts'
import { RULES } from '../spec/rule-ids.ts'
import { version } from '../version.ts'
import { forTerminal } from '../words.ts'

/** What cannot be read, or is refused by a daemon, has no rule of the proof; CI systems want an id all the same. */
const VALIDATE = 'VALIDATE'
const DESCRIPTIONS = { ...RULES, [VALIDATE]: 'a file that is not valid' }

/** Findings of the proof; those that lb.yaml accepts are notes with the reason. */
export function findingAnnotations(findings: readonly RuleFinding[]): Annotation[] {
  return findings.map(({ rule, severity, places, message, fix, accepted }) => {
    const [at = { file: 'lb.yaml', line: 0, col: 0 }, ...related] = places
    const told = accepted === undefined ? `${message}; ${fix}` : `${message}; accepted: ${accepted}`
    return { rule, severity: accepted === undefined ? severity : 'note', at, related, message: told }
  })
}

export function problemAnnotations(problems: readonly Problem[]): Annotation[] {
  return problems.map(({ message, ...at }) => ({ rule: VALIDATE, severity: 'error', at, related: [], message }))
}

/** Prints them for a machine. `json`: what else goes with them there. */
export function printAnnotations(format: Exclude<Format, 'text'>, found: readonly Annotation[], json: object): void {
  const annotations = found.map((one) => ({ ...one, at: fromHere(one.at), related: one.related.map(fromHere) }))
  switch (format) {
    case 'json':
      console.log(JSON.stringify(json, undefined, 2))
      return
    case 'github':
      if (annotations.length > 0) console.log(formatGithub(forTerminal(annotations)))
      return
    case 'sarif':
      console.log(formatSarif(annotations, { version: version(), rules: DESCRIPTIONS }))
      return
    default:
      format satisfies never
  }
}

/** CI systems know files by their path from the checkout, where they are started; what is outside stays as it was given. */
function fromHere(at: Position): Position {
  const path = relative(process.cwd(), resolve(at.file))
  return path === '' || isAbsolute(path) || /^\.\.(?:[/\\]|$)/.test(path) ? at : { ...at, file: path }
}
