import type { Position } from '../spec/problem.ts'
import type { Line } from './read-lines.ts'
import { columnAt } from './source-text.ts'

export type Word = { text: string; at: Position }

/**
 * Words of a line; one in double quotes may hold blanks, and loses the quotes. A quote that is not closed ends them (keepalived 2.2.7,
 * alloc_strvec()).
 */
export function wordsOf(line: Line): Word[] {
  const { text, file } = line
  const words: Word[] = []
  let begin = 0
  while (begin < text.length) {
    if (isSpace(text.charCodeAt(begin))) {
      begin += 1
      continue
    }
    const isQuoted = text[begin] === '"'
    const end = isQuoted ? text.indexOf('"', begin + 1) : endOfWord(text, begin)
    if (end < 0) break
    const at = { file, line: line.line, col: columnAt(line, begin) }
    words.push({ text: text.slice(isQuoted ? begin + 1 : begin, end), at })
    begin = isQuoted ? end + 1 : end
  }
  return words
}

const QUOTE = 34

function endOfWord(text: string, begin: number): number {
  let end = begin
  while (end < text.length && !isSpace(text.charCodeAt(end)) && text.charCodeAt(end) !== QUOTE) end += 1
  return end
}

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}
