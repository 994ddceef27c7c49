import type { Position } from '../spec/problem.ts'
import { withoutComment } from './comments.ts'
import type { UnreadLine } from './config.ts'
import { definitionIn, LONGEST_LINE, ownParameters, type Parameters, substituted } from './parameters.ts'
import type { Report } from './report.ts'
import { columnAt, isBlank, partOf, type SourceText } from './source-text.ts'

/** A file that an `include` names. `name` is its path. */
export type Included = { name: string; text: string }

export type ReadOptions = {
  /** What `@id` is compared with: the hostname's first part, unless keepalived was started with -i. */
  configId: string
  /** The files of an `include`, by its pattern and the file that it is in. */
  include(pattern: string, from: string): readonly Included[]
}

/** A line as keepalived's parser goes on with it: words, or a brace alone. */
export type Line = SourceText & { file: string; line: number }

/** `unread`: lines that mean something which is not known here. */
export type Lines = { lines: readonly Line[]; unread: readonly UnreadLine[] }

const MOST_INCLUDES = 100
const DEEPEST = 8
const MOST_INCLUDED_CHARACTERS = 4_000_000
const BYTE_ORDER_MARK = /^\ufeff/
const MOST_ROUNDS = 8
const MOST_REPLACEMENTS = 20_000

/**
 * What keepalived does before it looks at words (keepalived.conf(5); 2.2.7, read_line()): comments, `@id` and `@^id`, `$NAME=value`,
 * `include`, and braces that stand alone wherever they are.
 */
export function readLines(name: string, text: string, options: ReadOptions, report: Report): Lines {
  const lines: Line[] = []
  const unread: UnreadLine[] = []
  const parameters = ownParameters(options.configId)
  const budget = { left: MOST_REPLACEMENTS }
  const reader = { options, parameters, report, lines, unread, budget, depth: 0, includes: 0, characters: 0 }
  readFile({ name, text }, reader)
  return { lines, unread }
}

type Reader = {
  options: ReadOptions
  parameters: Parameters
  report: Report
  lines: Line[]
  unread: UnreadLine[]
  /** How often a parameter may still be put in. */
  budget: { left: number }
  depth: number
  includes: number
  characters: number
}

function readFile({ name, text }: Included, reader: Reader): void {
  // A parameter of several lines: its lines are no lines of their own.
  let open: { name: string; text: string; at: Position } | undefined
  if (BYTE_ORDER_MARK.test(text))
    reader.report(
      { file: name, line: 1, col: 1 },
      'the file begins with a byte order mark, which keepalived takes for a part of the first word; save it as UTF-8 without one',
    )
  for (const physical of physicalLines(text.replace(BYTE_ORDER_MARK, ''), name)) {
    const { source, goesOn, openQuote } = withoutComment(physical)
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
      reader.parameters.set(definition.name, { kind: 'left' })
      open = { name: definition.name, text: source.text, at }
      continue
    }
    if (goesOn)
      reader.report(at, 'this line ends with \\, which goes on only in a parameter ($NAME=...); write it on one line')
    take({ ...source, file: name, line: physical.line }, reader)
  }
  if (open !== undefined) reader.unread.push({ text: open.text, at: open.at })
}

/** keepalived reads 1,023 bytes at most and takes what is behind them for the next line (fgets()). */
function* physicalLines(text: string, file: string): Generator<Line> {
  let line = 0
  for (const written of text.split('\n')) {
    line += 1
    const whole = written.endsWith('\r') ? written.replace(/\r+$/, '') : written
    if (whole.length <= LONGEST_LINE) yield { text: whole, col: 1, cols: undefined, file, line }
    else
      for (let from = 0; from < whole.length; from += LONGEST_LINE)
        yield { text: whole.slice(from, from + LONGEST_LINE), col: from + 1, cols: undefined, file, line }
  }
}

/** Takes one line apart at its braces, and does what its parts ask for. */
function take(line: Line, reader: Reader): void {
  let source = withParameters(line, reader)
  let begin = 0
  while (source !== undefined && begin < source.text.length) {
    if (isBlank(source.text[begin])) {
      begin += 1
      continue
    }
    if (MAY_BE_FOR_READING.test(source.text[begin] ?? '')) {
      source = ifForReading(partOf(source, begin), line, reader)
      if (source === undefined) return
      begin = 0
    }
    const end = endOfPiece(source.text, begin)
    let last = end
    while (isBlank(source.text[last - 1])) last -= 1
    const text = source.text.slice(begin, last)
    const cols = source.cols?.slice(begin, last)
    reader.lines.push({ text, col: columnAt(source, begin), cols, file: line.file, line: line.line })
    begin = end
  }
}

const MAY_BE_FOR_READING = /[@$~i]/

/** With its parameters put in; undefined where the line is for another node, or cannot be read. */
function withParameters(line: Line, reader: Reader): SourceText | undefined {
  let source: SourceText = line
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (!source.text.includes('$')) return source
    const ours = ifOurs(source, reader.options.configId)
    if (ours === undefined || definitionIn(ours.text) !== undefined) return ours
    const next = substituted(ours, reader.parameters, reader.budget)
    if (next.kind === 'same') return ours
    if (next.kind === 'left') return undefined
    if (next.kind !== 'changed') return leave(line, ours, reader)
    // @ counts again only where it has come from a parameter.
    source = withoutComment(next.source).source
    if (!source.text.startsWith('@')) return source
  }
  return leave(line, source, reader)
}

/** Without its `@id`; undefined where it is not for this node, or was an instruction to the parser. */
function ifForReading(piece: SourceText, line: Line, reader: Reader): SourceText | undefined {
  const source = ifOurs(piece, reader.options.configId)
  if (source === undefined) return undefined
  const definition = definitionIn(source.text)
  if (definition !== undefined) {
    reader.parameters.set(definition.name, { kind: 'text', value: definition.value })
    return undefined
  }
  if (source.text.startsWith('~SEQ') || source.text.startsWith('~LST')) return leave(line, source, reader)
  return include(source, line, reader) ? undefined : source
}

function leave({ file, line }: Line, { text, col }: SourceText, { unread }: Reader): undefined {
  unread.push({ text, at: { file, line, col } })
}

/** Without its `@id`; undefined where the line is for another node. */
function ifOurs(source: SourceText, configId: string): SourceText | undefined {
  if (!source.text.startsWith('@')) return source
  const [prefix, not, id] = /^@(\^?)([^ \t]*)[ \t]+/.exec(source.text) ?? []
  if (prefix === undefined) return undefined
  return (id === configId) === (not === '^') ? undefined : partOf(source, prefix.length)
}

/** The pattern is all of the rest of the line; quotes are part of it (2.2.7, check_include()). */
function include(source: SourceText, { file, line }: Line, reader: Reader): boolean {
  if (!source.text.startsWith('include')) return false
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

/** Braces stand alone; a piece without one ends before the first that is not quoted. */
function endOfPiece(text: string, begin: number): number {
  let index = begin
  while (true) {
    const brace = firstBrace(text, index)
    const quote = text.indexOf('"', index)
    if (quote < 0 || quote > brace) return brace === begin && brace < text.length ? brace + 1 : brace
    const end = text.indexOf('"', quote + 1)
    if (end < 0) return text.length
    index = end + 1
  }
}

function firstBrace(text: string, from: number): number {
  const opening = text.indexOf('{', from)
  const closing = text.indexOf('}', from)
  if (opening < 0) return closing < 0 ? text.length : closing
  return closing < 0 ? opening : Math.min(opening, closing)
}
