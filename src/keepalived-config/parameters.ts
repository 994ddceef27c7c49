import { replaced, type SourceText } from './source-text.ts'

/** Values of `$NAME`; undefined: it has one that cannot be told here. */
export type Parameters = Map<string, string | undefined>

/** keepalived's lines have at most 1,023 characters (2.2.7, MAXBUF). */
export const LONGEST_LINE = 1_023

/** What keepalived knows without being told (2.2.7, set_std_definitions()). `directory`: of the file. */
export function ownParameters(configId: string): Parameters {
  return new Map([
    ['_INSTANCE', configId],
    ['_HASH', '#'],
    ['_BANG', '!'],
    ['_PWD', undefined],
    ['_RANDOM', undefined],
  ])
}

/** `$NAME=value`: the name must begin the line, and = follow it (2.2.7, check_definition()). */
export function definitionIn(text: string): { name: string; value: string } | undefined {
  const [, name, value] = /^\$([A-Za-z_]\w*)=[ \t]*(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : { name, value }
}

/** `unknown`: parameters whose value cannot be told. `tooLong`: what is put in makes the line too long, or has no end. */
export type Substituted = { source: SourceText; changed: boolean; unknown: boolean; tooLong: boolean }

const MOST_REPLACEMENTS = 100
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)[ \d]*\}|([A-Za-z_]\w*)(?=[ \t,)]|$))/y

/**
 * Puts in `${NAME}` and `$NAME`, the latter only before a blank, comma, closing parenthesis or the end; what is put in is looked at
 * again. Names that nobody has defined stay as they are (2.2.7, replace_param()).
 */
export function substituted(line: SourceText, parameters: Parameters): Substituted {
  let source = line
  let unknown = false
  let replacements = 0
  let at = source.text.indexOf('$')
  while (at >= 0) {
    REFERENCE.lastIndex = at
    const [found, braced, plain] = REFERENCE.exec(source.text) ?? []
    const name = braced ?? plain
    if (found === undefined || name === undefined || !parameters.has(name)) {
      at = source.text.indexOf('$', at + 1)
      continue
    }
    const value = parameters.get(name)
    if (value === undefined) unknown = true
    const next = source.text.length - found.length + (value?.length ?? 0)
    if (replacements === MOST_REPLACEMENTS || next > LONGEST_LINE)
      return { source, changed: replacements > 0, unknown, tooLong: true }
    replacements += 1
    source = replaced(source, at, at + found.length, value ?? '')
    at = source.text.indexOf('$', at)
  }
  return { source, changed: replacements > 0, unknown, tooLong: false }
}
