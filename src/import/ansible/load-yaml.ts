import { isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Problem } from '../../spec/problem.ts'
import { unknownValue } from './filters.ts'

/**
 * The value of a YAML file as Ansible reads it: YAML 1.1 (`yes` is true), with the tag !unsafe. Values in a vault are not to be had:
 * each is named in `problems`, and a text that says so takes its place. undefined: the file could not be read.
 */
export function loadYaml(file: string, text: string): { value: unknown; problems: Problem[] } {
  if (text.startsWith('$ANSIBLE_VAULT')) {
    return {
      value: undefined,
      problems: [{ file, line: 0, col: 0, message: 'is encrypted by ansible-vault, and was left out' }],
    }
  }
  const lines = new LineCounter()
  const tags = ['!vault', '!unsafe', '!vault-encrypted'].map((tag) => ({ tag, resolve: (value: string) => value }))
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
    customTags: tags,
  })
  const [error] = document.errors
  if (error) {
    const at = lines.linePos(error.pos[0])
    return {
      value: undefined,
      problems: [{ file, ...at, message: `is no YAML, and was left out: ${error.message.split('\n')[0]}` }],
    }
  }
  const problems: Problem[] = []
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(value) || !value.tag?.startsWith('!vault')) return
      const name = isScalar(key) ? String(key.value) : 'a value'
      value.value = unknownValue(`vault ${name}`)
      const message = `${name} is encrypted by ansible-vault, and was left out`
      problems.push({
        file,
        ...lines.linePos((isScalar(key) ? key.range?.[0] : undefined) ?? value.range?.[0] ?? 0),
        message,
      })
    },
  })
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), problems }
  } catch {
    return {
      value: undefined,
      problems: [{ file, line: 0, col: 0, message: 'has too many aliases, and was left out' }],
    }
  }
}

/** A mapping with texts as keys; anything else is an empty one. */
export function mapping(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  // Built anew, so that a key such as __proto__ is only a key.
  return Object.fromEntries(Object.entries(value))
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined
}
