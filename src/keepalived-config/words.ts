import type { Position } from '../spec/problem.ts'
import type { Line } from './read-lines.ts'
import { columnAt } from './source-text.ts'

export type Word = { text: string; at: Position }

/** Words of a line; one in double quotes may hold blanks, and loses the quotes (keepalived 2.2.7, alloc_strvec()). */
export function wordsOf({ source, file, line }: Line): Word[] {
  const words: Word[] = []
  for (const found of source.text.matchAll(/"([^"]*)"|[^ \t\f\n\r\v"]+/g))
    words.push({ text: found[1] ?? found[0], at: { file, line, col: columnAt(source, found.index) } })
  return words
}
