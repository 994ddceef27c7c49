import type { LineCounter, YAMLParseError } from 'yaml'
import type { Problem } from './problem.ts'
import { printable } from './shown.ts'

/** What the parser was given: `at` makes a problem of an offset in `text`. */
export type Source = { text: string; lines: LineCounter; at: (offset: number, message: string) => Problem }

/** `line` counts from 1; `indent` is the number of blanks before the first other character, `start` the offset of that one. */
type Line = { line: number; indent: number; start: number }

const INDENTED = /^All mapping items must start/
const STREAM = /in YAML (?:stream|document)/

/**
 * What is wrong with a text that is no YAML, in the words of whoever wrote it where the slip can be told, otherwise in the parser's.
 * One slip makes yaml report several errors, at its place and after it: the first one says what it is.
 */
export function syntaxProblems(errors: readonly YAMLParseError[], source: Source): Problem[] {
  const conflicts = conflictsOf(source)
  if (conflicts.length > 0) return conflicts
  const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT')
  const [tab] = tabs
  if (tab !== undefined) {
    const more = tabs.length === 1 ? '' : `; this is the first of ${tabs.length} such lines`
    return [source.at(tab.pos[0], `a tab stands where YAML takes blanks alone: indent by blanks${more}`)]
  }
  const first = new Map<number, YAMLParseError>()
  for (const error of errors) if (!first.has(error.pos[0])) first.set(error.pos[0], error)
  return withoutEchoes([...first.values()], source).map((error) => explained(error, source))
}

/** Lines that git writes where it could not merge. The markers begin a line, in which no YAML of ours begins with them. */
function conflictsOf({ text, at, lines }: Source): Problem[] {
  const problems: Problem[] = []
  let begin: number | undefined
  for (const { 0: marker, index } of text.matchAll(/^(?:<{7}|>{7})(?= )/gm)) {
    if (marker.startsWith('<')) begin ??= index
    else if (begin !== undefined) {
      const { line } = lines.linePos(index)
      const message = `a conflict of a git merge stands here, down to line ${line}: keep what is to count, and remove git's marker lines`
      problems.push(at(begin, message))
      begin = undefined
    }
  }
  return problems
}

/** After a key in a wrong column the next ones are wrong too, and nothing fits after the end of the document. */
function withoutEchoes(errors: readonly YAMLParseError[], source: Source): YAMLParseError[] {
  let wrong = 0
  let isOver = false
  return errors.filter(({ message, pos }) => {
    if (STREAM.test(message)) {
      const isEcho = isOver
      isOver = true
      return !isEcho
    }
    if (!INDENTED.test(message)) return true
    const line = keyAt(pos[0], source)?.line ?? 0
    const isEcho = wrong > 0 && lineBefore(line, source)?.line === wrong
    wrong = line
    return !isEcho
  })
}

function explained(error: YAMLParseError, source: Source): Problem {
  const offset = error.pos[0]
  if (error.code === 'RESOURCE_EXHAUSTION') return source.at(offset, 'this is nested too deeply; nothing here is')
  return (
    (INDENTED.test(error.message) ? wrongColumn(offset, source) : undefined) ??
    (error.code === 'BLOCK_AS_IMPLICIT_KEY' ? nestedKey(offset, source) : undefined) ??
    (NO_KEY.has(error.code) ? noKey(offset, source) : undefined) ??
    source.at(offset, `this is not YAML: ${printable(error.message)}`)
  )
}

function wrongColumn(offset: number, source: Source): Problem | undefined {
  const here = keyAt(offset, source)
  const before = here && lineBefore(here.line, source)
  return here && before && here.indent !== before.indent ? indented(here, before, source) : undefined
}

/** The parser's place is that of a comment or an empty line, where one comes before the key. */
function keyAt(offset: number, source: Source): Line | undefined {
  const { line } = source.lines.linePos(offset)
  return lineAt(line, source) ?? lineAfter(line, source)
}

function indented(here: Line, before: Line, { at }: Source): Problem {
  const how = here.indent > before.indent ? 'deeper' : 'less deep'
  return at(
    here.start,
    `line ${here.line} is indented ${how} than line ${before.line}; the keys of one mapping begin in the same column`,
  )
}

/** A value goes on in the next line when that is indented deeper, and then has a key in it; or it has one in its own line. */
function nestedKey(offset: number, source: Source): Problem | undefined {
  if (/:(?:\s|$)/.test(restOfLine(offset, source)))
    return source.at(
      offset,
      'this value has a ":" with a blank after it, as if it were a key; put the value into quotes',
    )
  const { line } = source.lines.linePos(offset)
  const before = lineAt(line, source)
  const next = lineAfter(line, source)
  return before && next && next.indent > before.indent ? indented(next, before, source) : undefined
}

const NO_KEY: ReadonlySet<string> = new Set(['MULTILINE_IMPLICIT_KEY', 'MISSING_CHAR'])

function noKey(offset: number, source: Source): Problem | undefined {
  const rest = restOfLine(offset, source)
  const key = /^([A-Za-z][\w.-]{0,62}):(?!\/\/)\S/.exec(rest)?.[1]
  if (key !== undefined) return source.at(offset + key.length + 1, `a blank is missing after the ":" of ${key}`)
  if (/^-[^\s-]/.test(rest)) return source.at(offset + 1, 'a blank is missing after the "-"')
  const word = /^[A-Za-z][\w.-]{0,62}(?=\s*(?:#.*)?$)/.exec(rest)?.[0]
  return word === undefined ? undefined : source.at(offset, `${word} stands here alone; a ":" is missing after it`)
}

/** At most 300 characters of it: a line may be the whole file, and have an error at each of them. */
function restOfLine(offset: number, { text }: Source): string {
  return text.slice(offset, offset + 300).split(/\r?\n/, 1)[0] ?? ''
}

function lineBefore(line: number, source: Source): Line | undefined {
  for (let number = line - 1; number > 0; number--) {
    const found = lineAt(number, source)
    if (found) return found
  }
  return undefined
}

function lineAfter(line: number, source: Source): Line | undefined {
  for (let number = line + 1; number <= source.lines.lineStarts.length; number++) {
    const found = lineAt(number, source)
    if (found) return found
  }
  return undefined
}

/** undefined: an empty line, or a comment. */
function lineAt(line: number, { text, lines }: Source): Line | undefined {
  const from = lines.lineStarts[line - 1]
  if (from === undefined) return undefined
  let start = from
  while (text[start] === ' ') start++
  const first = text[start]
  return first === undefined || '#\r\n'.includes(first) ? undefined : { line, indent: start - from, start }
}
