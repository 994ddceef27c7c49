import { unknownValue } from './filters.ts'
import { evaluate, renderTemplate, type Variables } from './render-template.ts'
import { templateParts } from './template-parts.ts'

const DEEPEST = 20

/**
 * Variables with the templates in them (`"{{ other }}/24"`) rendered, each after those that it names. One that cannot be had keeps
 * a text that says so. `asking`: only those that this text can name, directly or through others; the rest stays as written.
 */
export function resolveVariables(raw: Variables, known: Variables, asking?: string): Record<string, unknown> {
  const resolved: Record<string, unknown> = { ...raw, ...known }
  const waiting = new Set(Object.keys(raw).filter((name) => !(name in known) && hasTemplate(raw[name])))
  const settle = (name: string, depth: number): void => {
    if (!waiting.delete(name)) return
    const value = raw[name]
    for (const other of namesIn(value)) if (depth < DEEPEST) settle(other, depth + 1)
    resolved[name] = resolveValue(value, resolved)
  }
  for (const name of asking === undefined ? [...waiting] : words(asking)) settle(name, 0)
  return resolved
}

/** A value with every text in it rendered. */
export function resolveValue(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string')
    return value.includes('{{') || value.includes('{%') ? resolveText(value, variables) : value
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveValue(item, variables)]))
}

/** One expression alone keeps its type, so that a list stays one. */
function resolveText(text: string, variables: Variables): unknown {
  const parts = templateParts(text.trim())
  const [part] = parts
  const mine = picked(text, variables)
  if (parts.length === 1 && part?.kind === 'tag' && part.what === 'expression') {
    return evaluate(part.inside, mine) ?? unknownValue(part.inside)
  }
  const rendered = renderTemplate('', text, mine)
  return rendered.kind === 'text' ? rendered.text : unknownValue(text.slice(0, 60))
}

/** Those variables that a text can name: all of them would be copied for each of many small texts. */
export function picked(text: string, variables: Variables): Variables {
  return Object.fromEntries(
    [...words(text)].filter((name) => Object.hasOwn(variables, name)).map((name) => [name, variables[name]]),
  )
}

function hasTemplate(value: unknown): boolean {
  return JSON.stringify(value ?? '').includes('{{') || JSON.stringify(value ?? '').includes('{%')
}

function namesIn(value: unknown): Set<string> {
  return words(JSON.stringify(value ?? ''))
}

function words(text: string): Set<string> {
  return new Set(text.match(/[A-Za-z_]\w*/g) ?? [])
}
