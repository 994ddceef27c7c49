import type { Environment } from 'minijinja-js/dist/web/minijinja_js.js'
import { createEnvironment, freeEnvironment, problemOf, TEMPLATE_NAME } from '../../render/template-engine.ts'
import type { Problem } from '../../spec/problem.ts'
import { FILTERS, isUnknown, plain, safely, TESTS, unknownValue } from './filters.ts'
import { type Asked, adapted, PROBES, rewriteTemplate, withoutMarks } from './rewrite-template.ts'

export type Variables = Readonly<Record<string, unknown>>

/** `lines`: for each line of `text` the line of the template that it comes from. `unknown`: values that were not to be had. */
export type RenderedTemplate =
  | { kind: 'text'; text: string; lines: readonly number[]; unknown: readonly Problem[] }
  | { kind: 'problem'; problem: Problem }

/**
 * Renders a template of Ansible as Ansible would, as far as this is known without its hosts. Where a value is not known, a text
 * that says so takes its place (see unknownValue), an `if` is taken for false and a loop for empty. Its steps and its memory are bounded.
 */
export function renderTemplate(file: string, template: string, variables: Variables): RenderedTemplate {
  const { text, asked } = rewriteTemplate(template)
  const unknown = new Map<string, Problem>()
  const miss = ({ what, expression, line }: Asked, instead = unknownValue(expression)) => {
    const taken = {
      printed: `${instead} stands in its place`,
      tested: 'it is taken for false',
      listed: 'it is taken for empty',
    }
    const message = `the value of ${expression} is not known without a run of Ansible; ${taken[what]}`
    unknown.set(`${line} ${expression}`, { file, line, col: 1, message })
  }
  let environment: Environment | undefined
  try {
    environment = ansibleEnvironment()
    addProbes(environment, asked, variables, miss)
    const rendered = withoutMarks(environment.renderNamedStr(TEMPLATE_NAME, text, variables))
    return { kind: 'text', ...rendered, unknown: [...unknown.values()] }
  } catch (error) {
    // The column is one of the rewritten template.
    return { kind: 'problem', problem: { ...problemOf(file, error), col: 1 } }
  } finally {
    freeEnvironment(environment)
  }
}

/** The value of an expression, such as that of `when`; undefined where it is not known or cannot be had. */
export function evaluate(expression: string, variables: Variables): unknown {
  let environment: Environment | undefined
  try {
    environment = ansibleEnvironment()
    return plain(environment.evalExpr(adapted(expression), variables))
  } catch {
    return undefined
  } finally {
    freeEnvironment(environment)
  }
}

function ansibleEnvironment(): Environment {
  const environment = createEnvironment()
  environment.undefinedBehavior = 'chainable'
  environment.lstripBlocks = false
  environment.enablePyCompat()
  for (const [name, filter] of Object.entries(FILTERS)) environment.addFilter(name, safely(filter))
  for (const [name, test] of Object.entries(TESTS))
    environment.addTest(name, (...values: unknown[]) => safely(test)(...values) === true)
  for (const name of ['lookup', 'query', 'q'])
    environment.addGlobal(name, (what: unknown) => unknownValue(`lookup ${what}`))
  return environment
}

function addProbes(
  environment: Environment,
  asked: readonly Asked[],
  variables: Variables,
  miss: (asked: Asked, instead?: string) => void,
): void {
  const probe = (name: string, known: (value: unknown) => unknown, otherwise: (expression: string) => unknown) => {
    environment.addFilter(name, (value: unknown, index: number) => {
      const tag = asked[index]
      // A variable that is known may be made of one that is not.
      if (tag?.what === 'printed' && typeof value === 'string' && isUnknown(value)) miss(tag, value)
      if (value !== undefined) return known(plain(value))
      // A variable without a value (`name:`) arrives the same way.
      if (tag && !(tag.expression in variables)) miss(tag)
      return otherwise(tag?.expression ?? '')
    })
  }
  // Python writes its booleans so.
  probe(PROBES.printed, (value) => (value === true ? 'True' : value === false ? 'False' : value), unknownValue)
  probe(
    PROBES.tested,
    (value) => value,
    () => false,
  )
  probe(
    PROBES.listed,
    (value) => value,
    () => [],
  )
}
