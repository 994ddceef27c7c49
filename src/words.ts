import { cleanLines } from './clean-text.ts'
import { SHORTEST_KNOWN } from './secrets.ts'

/**
 * Takes texts of other programs and people in: the same value with every text in it, at any depth, as it may be kept and
 * shown. What is not a text stays as it is.
 */
export type Words = <T>(value: T) => T

/** 200 problems of a commit are about 30,000 characters. */
const LONGEST = 60_000

/**
 * Words for status, API, page, timeline and terminal: line by line without control characters, terminal sequences and
 * characters that turn text around, and without what `hide` knows for a secret. The log has its own bounds besides
 * (src/log/clean-record.ts).
 */
export function createWords(hide: (text: string) => string): Words {
  return wordsOf((text) => (text.length < SHORTEST_KNOWN ? cleanLines(text) : hide(cleanLines(withEnd(text)))))
}

/** What a terminal may be sent of another process's words. */
export const forTerminal: Words = wordsOf(cleanLines)

function wordsOf(clean: (text: string) => string): Words {
  const take = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value)
    if (Array.isArray(value)) return value.map(take)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [cleanLines(name), take(field)]))
  }
  // Texts become texts, and nothing else changes: the shape stays.
  return (value) => take(value) as typeof value
}

/** A word that is cut in two may be half a secret, which nothing would know again: it goes as a whole. */
function withEnd(text: string): string {
  if (text.length <= LONGEST) return text
  const kept = text.slice(0, LONGEST)
  return `${kept.slice(0, Math.max(kept.lastIndexOf(' '), kept.lastIndexOf('\n')) + 1)}…`
}
