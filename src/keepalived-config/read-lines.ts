import type { Position } from '../spec/problem.ts'
import { withoutComment } from './comments.ts'
import type { UnreadLine } from './config.ts'
import { definitionIn, LONGEST_LINE, ownParameters, type Parameters, substituted } from './parameters.ts'
import type { Report } from './report.ts'
import { columnAt, partOf, type SourceText } from './source-text.ts'

/** A file that an `include` names. `name` is its path. */
export type Included = { name: string; text: string }

export type ReadOptions = {
  /** What `@id` is compared with: the hostname's first part, unless keepalived was started with -i. */
  configId: string
  /** The files of an `include`, by its pattern and the file that it is in. */
  include(pattern: string, from: string): readonly Included[]
}

/** A line as keepalived's parser goes on with it: words, or a brace alone. */
export type Line = { source: SourceText; file: string; line: number }

/** `unread`: lines that mean something which is not known here. */
export type Lines = { lines: readonly Line[]; unread: readonly UnreadLine[] }

const MOST_INCLUDES = 100
const DEEPEST = 8
const MOST_INCLUDED_CHARACTERS = 4_000_000
const MOST_ROUNDS = 8

/**
 * What keepalived does before it looks at words (keepalived.conf(5); 2.2.7, read_line()): comments, `@id` and `@^id`, `$NAME=value`,
 * `include`, and braces that stand alone wherever they are.
 */
export function readLines(name: string, text: string, options: ReadOptions, report: Report): Lines {
  const lines: Line[] = []
  const unread: UnreadLine[] = []
  const parameters = ownParameters(options.configId)
  const reader = { options, parameters, report, lines, unread, depth: 0, includes: 0, characters: 0 }
  readFile({ name, text }, reader)
  return { lines, unread }
}

type Reader = {
  options: ReadOptions
  parameters: Parameters
  report: Report
  lines: Line[]
  unread: UnreadLine[]
  depth: number
  includes: number
  characters: number
}

function readFile({ name, text }: Included, reader: Reader): void {
  // A parameter of several lines: its lines are no lines of their own.
  let open: { name: string; text: string; at: Position } | undefined
  for (const physical of physicalLines(text, name)) {
    const { source, goesOn, openQuote } = withoutComment(physical.source)
    const at = { file: name, line: physical.line, col: source.col }
    if (open !== undefined) {
      open.text += ` ${source.text}`
      if (!goesOn) {
        reader.unread.push({ text: open.text, at: open.at })
        open = undefined
      }
      continue
    }
    if (openQuote) reader.report(at, 'a quote (") is not closed on its line; close it')
    if (source.text === '' && !goesOn) continue
    const definition = goesOn ? definitionIn(ifOurs(source, reader.options.configId)?.text ?? '') : undefined
    if (definition !== undefined) {
      reader.parameters.set(definition.name, undefined)
      open = { name: definition.name, text: source.text, at }
      continue
    }
    if (goesOn)
      reader.report(at, 'this line ends with \\, which goes on only in a parameter ($NAME=...); write it on one line')
    take({ ...physical, source }, reader)
  }
  if (open !== undefined) reader.unread.push({ text: open.text, at: open.at })
}

/** keepalived reads 1,023 bytes at most and takes what is behind them for the next line (fgets()). */
function* physicalLines(text: string, file: string): Generator<Line> {
  let line = 0
  for (const written of text.split('\n')) {
    line += 1
    const whole: SourceText = { text: written.replace(/\r+$/, ''), col: 1, cols: undefined }
    for (let from = 0; from === 0 || from < whole.text.length; from += LONGEST_LINE)
      yield { source: whole.text.length <= LONGEST_LINE ? whole : partOf(whole, from, from + LONGEST_LINE), file, line }
  }
}

/** Takes one line apart at its braces, and does what its parts ask for. */
function take(line: Line, reader: Reader): void {
  let rest: SourceText | undefined = line.source
  while (rest !== undefined && rest.text !== '') {
    const source = prepared({ ...line, source: rest }, reader)
    if (source === undefined) return
    const brace = firstBrace(source.text)
    const end = brace === 0 ? 1 : (brace ?? source.text.length)
    const found = partOf(source, 0, end)
    const text = found.text.trimEnd()
    reader.lines.push({ ...line, source: text.length === found.text.length ? found : partOf(found, 0, text.length) })
    let next = end
    while (/[ \t]/.test(source.text[next] ?? '')) next += 1
    rest = next < source.text.length ? partOf(source, next) : undefined
  }
}

/** With its parameters put in; undefined where the line is for another node, or was an instruction to the parser. */
function prepared(line: Line, reader: Reader): SourceText | undefined {
  let source: SourceText | undefined = line.source
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    source = ifOurs(source, reader.options.configId)
    if (source === undefined || source.text === '') return undefined
    const definition = definitionIn(source.text)
    if (definition !== undefined) {
      reader.parameters.set(definition.name, definition.value)
      return undefined
    }
    if (/^~(?:SEQ|LST)/.test(source.text)) return leave(line, source, reader)
    const { source: next, changed, unknown, tooLong } = substituted(source, reader.parameters)
    if (tooLong) return leave(line, next, reader)
    if (unknown) return undefined
    if (!changed) return include({ ...line, source }, reader) ? undefined : source
    source = withoutComment(next).source
  }
  return leave(line, line.source, reader)
}

function leave(line: Line, { text, col }: SourceText, { unread }: Reader): undefined {
  unread.push({ text, at: { file: line.file, line: line.line, col } })
}

/** Without its `@id`; undefined where the line is for another node. */
function ifOurs(source: SourceText, configId: string): SourceText | undefined {
  if (!source.text.startsWith('@')) return source
  const [prefix, not, id] = /^@(\^?)([^ \t]*)[ \t]+/.exec(source.text) ?? []
  if (prefix === undefined) return undefined
  return (id === configId) === (not === '^') ? undefined : partOf(source, prefix.length)
}

/** The pattern is all of the rest of the line; quotes are part of it (2.2.7, check_include()). */
function include({ source, file, line }: Line, reader: Reader): boolean {
  const [, kind, pattern] = /^include([rmwba]?)[ \t\f\v\r]+(.*)$/s.exec(source.text) ?? []
  if (pattern === undefined) return false
  const at = { file, line, col: columnAt(source, 0) }
  const found = reader.options.include(pattern, file)
  if (found.length === 0 && isDemanded(kind ?? '', pattern))
    reader.report(
      at,
      `no file is found for include${kind} ${pattern}; write the file, or plain include where it may be missing`,
    )
  for (const one of found) {
    reader.includes += 1
    reader.characters += one.text.length
    const isTooMuch =
      reader.depth >= DEEPEST || reader.includes > MOST_INCLUDES || reader.characters > MOST_INCLUDED_CHARACTERS
    if (isTooMuch) reader.unread.push({ text: source.text, at })
    else {
      reader.depth += 1
      readFile(one, reader)
      reader.depth -= 1
    }
  }
  return true
}

/** Whether keepalived refuses the configuration when nothing is found (2.2.7, open_and_check_glob()). */
function isDemanded(kind: string, pattern: string): boolean {
  if (pattern.includes('{')) return kind === 'b' || kind === 'a'
  return kind === 'w' || kind === 'a' || (kind === 'm' && !/[*?[]/.test(pattern))
}

/** Where the first brace is that is not quoted. */
function firstBrace(text: string): number | undefined {
  const first = text[0]
  if (first === '{' || first === '}') return 0
  const found = /^(?:[^"{}]|"[^"]*")*[{}]/.exec(text)
  return found === null ? undefined : found[0].length - 1
}
