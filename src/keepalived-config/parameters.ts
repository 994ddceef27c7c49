import { replaced, type SourceText } from './source-text.ts'

/** What `$NAME` stands for; `hidden`: something that cannot be told here, or has been left unread where it was written. */
export type Parameter = { kind: 'text'; value: string } | { kind: 'hidden' } | { kind: 'left' }
export type Parameters = Map<string, Parameter>

/** keepalived's lines have at most 1,023 characters (2.2.7, MAXBUF). */
export const LONGEST_LINE = 1_023

/** What keepalived knows without being told (2.2.7, set_std_definitions()). */
export function ownParameters(configId: string): Parameters {
  return new Map<string, Parameter>([
    ['_INSTANCE', { kind: 'text', value: configId }],
    ['_HASH', { kind: 'text', value: '#' }],
    ['_BANG', { kind: 'text', value: '!' }],
    ['_PWD', { kind: 'hidden' }],
    ['_RANDOM', { kind: 'hidden' }],
  ])
}

/** `$NAME=value`: the name must begin the line, and = follow it (2.2.7, check_definition()). */
export function definitionIn(text: string): { name: string; value: string } | undefined {
  if (!text.startsWith('$')) return undefined
  const [, name, value] = /^\$([A-Za-z_]\w*)=[ \t]*(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : { name, value }
}

/** `endless`: the line gets too long, or what is put in names itself. `hidden`, `left`: a parameter in it is. */
export type Substituted =
  | { kind: 'same' }
  | { kind: 'changed'; source: SourceText }
  | { kind: 'endless' | 'hidden' | 'left' }

const REFERENCE = /\$(?:\{([A-Za-z_]\w*)[ \d]*\}|([A-Za-z_]\w*)(?=[ \t,)]|$))/y

/**
 * Puts in `${NAME}` and `$NAME`, the latter only before a blank, comma, closing parenthesis or the end; what is put in is looked at
 * again. Names that nobody has defined stay as they are (2.2.7, replace_param()). `budget` is what may be put in altogether.
 */
export function substituted(line: SourceText, parameters: Parameters, budget: { left: number }): Substituted {
  let source = line
  let at = source.text.indexOf('$')
  while (at >= 0) {
    REFERENCE.lastIndex = at
    const [found = '', braced, plain] = REFERENCE.exec(source.text) ?? []
    const parameter = parameters.get(braced ?? plain ?? '')
    if (parameter === undefined) {
      at = source.text.indexOf('$', at + 1)
      continue
    }
    if (parameter.kind !== 'text') return parameter
    const { value } = parameter
    budget.left -= 1
    if (budget.left < 0 || source.text.length - found.length + value.length > LONGEST_LINE) return { kind: 'endless' }
    source = replaced(source, at, at + found.length, value)
    at = source.text.indexOf('$', at)
  }
  return source === line ? { kind: 'same' } : { kind: 'changed', source }
}
