import assert from 'node:assert/strict'
import * as z from 'zod'

/** Paths of the properties that have no title or no description. */
export function undescribed(schema: object, path: string): string[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value === null) return []
    if (key !== 'properties') return undescribed(value, `${path}.${key}`)
    const bare = Object.entries<Record<string, unknown>>(value).filter(
      ([, inner]) => !inner['title'] || !inner['description'],
    )
    return [...bare.map(([name]) => `${path}.${name}`), ...undescribed(value, path)]
  })
}

/** Fails unless `document` is as the JSON Schema says and has no field that it does not name. */
export function assertDescribed(document: unknown, schema: object, what: string): void {
  const result = z.fromJSONSchema(closed(JSON.parse(JSON.stringify(schema)))).safeParse(document)
  assert.ok(
    result.success,
    `${what}: ${result.success ? '' : z.prettifyError(result.error)}\n${JSON.stringify(document)}`,
  )
}

/** The schema with every object closed: what it does not name is a mistake then. */
function closed<Schema>(schema: Schema): Schema {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(closed) as Schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return ('properties' in inner ? { ...inner, additionalProperties: false } : inner) as Schema
}
