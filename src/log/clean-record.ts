import { cleanText } from '../clean-text.ts'
import { isSecretField } from '../secrets.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The longest text of a field; a commit can have 200 problems, and `status` has them all. */
const LONGEST = 2_000
/** What is looked at of a longer one: a secret that is cut in two would not be found. */
const LONGEST_READ = 16_000
const LONGEST_NAME = 64
/** journald cuts lines of more than 48 KiB (LineMax= of journald.conf). */
const RECORD = { characters: 16_000, values: 400 }
const DEEPEST = 8
const MOST_ENTRIES = 50

/** How one line of another program's text ends where it is told in one line. */
const LINE_END = ' ⏎ '

/**
 * The fields of a record as they may be written, at every depth: no control characters, ANSI sequences or characters that
 * are invisible or change the direction of text; several lines as one, with ` ⏎ ` between them; no secrets; and a bound on
 * each text and on the whole. Errors become plain fields, their stack a list of lines.
 */
export function cleanRecord(fields: Fields, hide: (text: string) => string): Fields {
  const left = { ...RECORD }
  const text = (value: string): string => {
    const clean = cleanWords(value, hide, Math.min(LONGEST, Math.max(1, left.characters)))
    left.characters -= clean.length
    return clean
  }
  const entries = (pairs: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> => {
    const kept = pairs.slice(0, MOST_ENTRIES).map(([name, value]): [string, unknown] => {
      const isHidden = isSecretField(name) && value !== null && value !== undefined
      return [cleanWords(name, hide, LONGEST_NAME), isHidden ? '…' : clean(value, depth + 1)]
    })
    const more = pairs.length - kept.length
    // A field of its own: Object.fromEntries makes even `__proto__` one.
    return Object.fromEntries(more > 0 ? [...kept, ['…', `${more} more`]] : kept)
  }
  const clean = (value: unknown, depth: number): unknown => {
    left.values -= 1
    if (left.values < 0 || depth > DEEPEST) return '…'
    switch (typeof value) {
      case 'string':
        return text(value)
      case 'number':
      case 'boolean':
      case 'undefined':
        return value
      case 'bigint':
      case 'symbol':
        return text(String(value))
      case 'object':
        if (value === null) return null
        if (value instanceof Error) return entries(ofError(value), depth)
        if (Array.isArray(value) || value instanceof Set) {
          const kept = [...value].slice(0, MOST_ENTRIES).map((entry) => clean(entry, depth + 1))
          const more = (Array.isArray(value) ? value.length : value.size) - kept.length
          return more > 0 ? [...kept, `… ${more} more`] : kept
        }
        if (value instanceof Map)
          return entries(
            [...value].map(([name, entry]) => [String(name), entry]),
            depth,
          )
        if (ArrayBuffer.isView(value)) return `… ${value.byteLength} bytes`
        if (value instanceof Date || value instanceof URL) return text(String(value.toJSON()))
        return entries(Object.entries(value), depth)
      default:
        return undefined
    }
  }
  return entries(Object.entries(fields), 0)
}

/** Text of anybody as one line of at most `longest` characters, without what must not be shown. */
export function cleanWords(text: string, hide: (text: string) => string, longest = LONGEST): string {
  const line = text
    .slice(0, LONGEST_READ)
    .split(/\r?\n/)
    .map((each) => cleanText(each, LONGEST_READ))
    .filter((each) => each !== '')
    .join(LINE_END)
  return cleanText(hide(line), longest)
}

function ofError(error: Error): (readonly [string, unknown])[] {
  const { name, message, stack, cause, ...more } = error
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [
    ['type', name],
    ['message', message],
    // ECONNREFUSED, the path and so on.
    ...Object.entries(more),
    ['stack', frames.map((line) => line.trim())],
    ...(cause === undefined ? [] : [['cause', cause] as const]),
  ]
}
