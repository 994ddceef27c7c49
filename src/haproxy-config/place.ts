import type { Position } from '../spec/problem.ts'
import type { Line } from './config.ts'

/** Where a word of a line stands; where there is no such word, the line. */
export function placeOf(line: Line, word: number): Position {
  return { ...line.at, col: line.columns[word] ?? line.at.col }
}
