import type { Position } from '../spec/problem.ts'
import type { NewerWord } from './config.ts'
import { type Grammar, type Kind, NEWER } from './grammar.ts'
import type { Line } from './read-lines.ts'
import type { Report } from './report.ts'
import { type Word, wordsOf } from './words.ts'

/** A keyword with what follows it on its line, and what is in its block: statements, or the lines of a list. */
export type Statement = {
  keyword: string
  at: Position
  words: readonly Word[]
  line: Line
  block: readonly Statement[]
}

/**
 * The statements that `grammar` knows (keepalived 2.2.7, process_stream() and alloc_value_block()). Unlike keepalived, which then
 * reads on as if there were no brace, the block of a word that is not known or takes none is passed over, and a word that belongs
 * outside of all blocks ends them: the file is refused in either case, and one mistake is told once.
 */
export function readStatements(
  lines: readonly Line[],
  grammar: Grammar,
  report: Report,
  newer: NewerWord[],
): Statement[] {
  const reader: Reader = { lines, next: 0, root: grammar, report, newer, leaving: false, isUnclosed: false }
  const statements: Statement[] = []
  while (reader.next < lines.length) {
    reader.leaving = false
    readBlock(grammar, statements, undefined, reader)
  }
  return statements
}

type Reader = {
  lines: readonly Line[]
  next: number
  root: Grammar
  report: Report
  newer: NewerWord[]
  /** A word was found that ends all blocks. */
  leaving: boolean
  /** The file has ended inside of a block. */
  isUnclosed: boolean
}

function readBlock(grammar: Grammar, into: Statement[], opener: Word | undefined, reader: Reader): void {
  while (reader.next < reader.lines.length) {
    const line = reader.lines[reader.next]
    if (line === undefined) return
    const words = wordsOf(line)
    const [first] = words
    if (first === undefined) reader.next += 1
    else if (line.text === '}') {
      reader.next += 1
      if (opener !== undefined) return
      reader.report(first.at, 'this } closes nothing; take it away, or look for a missing { before it')
    } else if (line.text === '{') {
      reader.report(first.at, 'this { begins no block; take it away, or write before it what it belongs to')
      passOver(reader)
    } else {
      const kind = grammar.get(first.text)
      if (kind === undefined && opener !== undefined && belongsOutside(first, opener, reader)) return
      reader.next += 1
      readStatement({ keyword: first.text, at: first.at, words, line, block: [] }, kind, into, opener, reader)
      if (reader.leaving) return
    }
  }
  if (opener !== undefined) unclosed(opener, reader)
}

type StatementDraft = Statement & { block: Statement[] }

/** Its line has been read. */
function readStatement(
  statement: StatementDraft,
  kind: Kind | undefined,
  into: Statement[],
  opener: Word | undefined,
  reader: Reader,
): void {
  const { keyword, at, words } = statement
  const names = words.slice(1, 2).map(({ text }) => text)
  const hasBrace = reader.lines[reader.next]?.text === '{'
  const since = kind === undefined ? undefined : NEWER.get(keyword)
  if (since !== undefined) reader.newer.push({ what: keyword, since, at })
  if (kind === undefined) reader.report(at, unknownWord(keyword, opener))
  if (kind === 'line' && hasBrace) reader.report(at, `${keyword} takes no block; take { and } away`)
  if (kind !== undefined && kind !== 'skipped') into.push(statement)
  if (kind === undefined || kind === 'line' || kind === 'skipped') {
    if (hasBrace) passOver(reader)
    return
  }
  if (hasBrace) reader.next += 1
  else reader.report(at, `${keyword} has no block; write { behind it`)
  if (kind !== 'list') readBlock(kind, statement.block, { text: [keyword, ...names].join(' '), at }, reader)
  else {
    const [, more] = words
    if (more !== undefined) reader.report(more.at, `${keyword} takes nothing before its block; take ${more.text} away`)
    readList(statement.block, { text: keyword, at }, reader)
  }
}

function readList(into: Statement[], opener: Word, reader: Reader): void {
  while (reader.next < reader.lines.length) {
    const line = reader.lines[reader.next]
    if (line === undefined) return
    const words = wordsOf(line)
    const [first] = words
    if (first !== undefined && belongsOutside(first, opener, reader)) return
    reader.next += 1
    if (line.text === '}') return
    if (line.text === '{' && first !== undefined)
      reader.report(first.at, `${opener.text} takes no blocks inside; take this { away`)
    else if (first !== undefined) into.push({ keyword: first.text, at: first.at, words, line, block: [] })
  }
  unclosed(opener, reader)
}

/** A block of the outermost level, such as vrrp_instance, is inside of another one: a } is missing before it. */
function belongsOutside(word: Word, opener: Word, reader: Reader): boolean {
  const kind = reader.root.get(word.text)
  const hasBrace = reader.lines[reader.next + 1]?.text === '{'
  if (kind === undefined || kind === 'line' || !hasBrace) return false
  reader.report(word.at, `${word.text} begins inside of the block of ${opener.text}; close that block with } before it`)
  reader.leaving = true
  return true
}

/** The innermost of several. */
function unclosed(opener: Word, reader: Reader): void {
  if (reader.isUnclosed) return
  reader.isUnclosed = true
  reader.report(opener.at, `the block of ${opener.text} is not closed before the end of the file; close it with }`)
}

/** Goes behind the block whose { comes next; one that is not closed ends with the file. */
function passOver(reader: Reader): void {
  const begin = reader.lines[reader.next]
  let depth = 0
  while (reader.next < reader.lines.length) {
    const text = reader.lines[reader.next]?.text
    reader.next += 1
    if (text === '{') depth += 1
    else if (text === '}') {
      depth -= 1
      if (depth === 0) return
    }
  }
  if (begin !== undefined)
    reader.report(
      { file: begin.file, line: begin.line, col: begin.col },
      'the block that begins here is not closed before the end of the file; close it with }',
    )
}

function unknownWord(word: string, opener: Word | undefined): string {
  const where = opener === undefined ? 'outside of blocks' : `in ${opener.text}`
  return `keepalived knows no "${word.slice(0, 80)}" ${where}; correct the word, or take the line away`
}

/** Where each keyword of a block stands; the last one counts. */
export function placesOf({ block }: Statement): Map<string, Position> {
  return new Map(block.map(({ keyword, at }) => [keyword, at]))
}
