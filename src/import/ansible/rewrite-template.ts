import { endOfString, type TemplatePart, templateParts } from './template-parts.ts'

/** What a tag asks for, as the template writes it. */
export type Asked = { what: 'printed' | 'tested' | 'listed'; expression: string; line: number }

/** Names of the filters that the rewritten template calls with the index of `asked`. */
export const PROBES = { printed: '_printed', tested: '_tested', listed: '_listed' } as const

/** Stand around the line number at the end of each line that comes from the template. */
const MARK = '\u0001'

/**
 * The same template for minijinja: each printed, tested and iterated value goes through a filter that sees whether it is known,
 * methods and filter names that minijinja lacks become its filters, and each line of text ends in its number.
 */
export function rewriteTemplate(template: string): { text: string; asked: readonly Asked[] } {
  const asked: Asked[] = []
  const probe = (what: Asked['what'], expression: string, line: number): string => {
    asked.push({ what, expression: expression.trim(), line })
    return `(${adapted(expression)}) | ${PROBES[what]}(${asked.length - 1}) `
  }
  const parts = templateParts(template)
  const text = parts.map((part, index) => rewritten(part, parts[index - 1], parts[index + 1], probe)).join('')
  return { text, asked }
}

/** Takes the numbers off again: the text, and for each of its lines the line of the template. */
export function withoutMarks(rendered: string): { text: string; lines: readonly number[] } {
  const lines: number[] = []
  const text: string[] = []
  for (const line of rendered.split('\n')) {
    const numbers = [...line.matchAll(new RegExp(`${MARK}(\\d+)${MARK}`, 'g'))].map(([, number]) => Number(number))
    text.push(line.replaceAll(new RegExp(`${MARK}\\d+${MARK}`, 'g'), ''))
    lines.push(numbers.at(-1) ?? 0)
  }
  // A line inside of a value has no number; it came with the next one that has.
  for (let index = lines.length - 2; index >= 0; index -= 1)
    if (lines[index] === 0) lines[index] = lines[index + 1] ?? 0
  return { text: text.join('\n'), lines }
}

type Probe = (what: Asked['what'], expression: string, line: number) => string

function rewritten(
  part: TemplatePart,
  before: TemplatePart | undefined,
  after: TemplatePart | undefined,
  probe: Probe,
): string {
  if (part.kind === 'text') return numbered(part, before, after)
  if (part.kind === 'comment') return part.text
  const inside = part.what === 'expression' ? ` ${probe('printed', part.inside, part.line)}` : statement(part, probe)
  return `${part.opens}${inside}${part.closes}`
}

function statement({ inside, line }: Extract<TemplatePart, { kind: 'tag' }>, probe: Probe): string {
  const [, test, condition] = /^\s*(if|elif)\b([\s\S]*)$/.exec(inside) ?? []
  if (test !== undefined && condition !== undefined) return ` ${test} ${probe('tested', condition, line)}`
  const [, names, rest] = /^\s*for\s+([\w\s,()]+?)\s+in\b([\s\S]*)$/.exec(inside) ?? []
  if (names === undefined || rest === undefined) return adapted(inside)
  const end = topLevelWord(rest, /^(?:if|recursive)\b/)
  return ` for ${names} in ${probe('listed', rest.slice(0, end), line)}${adapted(rest.slice(end))} `
}

/**
 * Numbers the ends of lines, but for those that a tag beside them takes away: the first newline behind a statement or comment
 * (trim_blocks), and blanks beside a `-`.
 */
function numbered(
  { text, line }: Extract<TemplatePart, { kind: 'text' }>,
  before: TemplatePart | undefined,
  after: TemplatePart | undefined,
): string {
  const trimsStart =
    before?.kind === 'comment' ? before.text.endsWith('-#}') : before?.kind === 'tag' && before.closes.startsWith('-')
  const trimsEnd =
    after?.kind === 'comment' ? after.text.startsWith('{#-') : after?.kind === 'tag' && after.opens.endsWith('-')
  const swallows = before?.kind === 'comment' || (before?.kind === 'tag' && before.what === 'statement')
  const first = trimsStart ? (/^\s*/.exec(text)?.[0].length ?? 0) : swallows && text.startsWith('\n') ? 1 : 0
  const last = trimsEnd ? text.trimEnd().length : text.length
  let number = line
  let result = ''
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\n') {
      if (index >= first && index < last) result += `${MARK}${number}${MARK}`
      number += 1
    }
    result += text[index]
  }
  return result
}

/** Where such a word begins outside of strings and brackets; the length of the text where there is none. */
function topLevelWord(text: string, word: RegExp): number {
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (character === '"' || character === "'") index = endOfString(text, index)
    else if ('([{'.includes(character)) depth += 1
    else if (')]}'.includes(character)) depth -= 1
    else if (depth === 0 && !/\w/.test(text[index - 1] ?? ' ') && word.test(text.slice(index, index + 10))) return index
  }
  return text.length
}

/** Python's methods that minijinja lacks, Ansible's collections in names, and a keyword argument that it does not take. */
export function adapted(expression: string): string {
  let result = ''
  let start = 0
  for (let index = 0; index < expression.length; index += 1) {
    if (expression[index] !== '"' && expression[index] !== "'") continue
    const end = endOfString(expression, index)
    result += adaptedCode(expression.slice(start, index)) + expression.slice(index, end + 1)
    index = end
    start = end + 1
  }
  return result + adaptedCode(expression.slice(start))
}

function adaptedCode(code: string): string {
  return code
    .replace(/\.(index|get)\s*\(/g, ' | _$1(')
    .replace(/(\||\bis|\bis\s+not)(\s*)(?:ansible|community)\.\w+\./g, '$1$2')
    .replace(/\bboolean\s*=\s*/g, '')
}
