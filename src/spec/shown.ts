const LONGEST = 60
const LONGEST_LIST = 20

/** A value as a message names it: `300`, `"eth0"`, `a list`. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null) return 'empty'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping'
  return String(value)
}

export function quoted(text: string): string {
  return JSON.stringify(shortened(withoutCredentials(text))).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped)
}

/** Text of another program, made fit for one line of a log. */
export function printable(text: string): string {
  return shortened(withoutCredentials(text), 200).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped)
}

/** `a, b or c` */
export function either(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join('')
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

/** `a, b, c`, with an end. */
export function listed(names: readonly string[]): string {
  const more = names.length - LONGEST_LIST
  return more > 0 ? `${names.slice(0, LONGEST_LIST).join(', ')} and ${more} more` : names.join(', ')
}

// A URL written into the wrong place may carry a password, and messages reach logs.
function withoutCredentials(text: string): string {
  return text.replace(/:\/\/.*@/gs, '://...@')
}

function shortened(text: string, longest = LONGEST): string {
  return text.length > longest ? `${text.slice(0, longest)}...` : text
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
