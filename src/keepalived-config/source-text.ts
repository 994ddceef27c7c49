/** A piece of a line, with the columns (from 1) that its characters have in the file. `cols` only where they are not in a row. */
export type SourceText = { text: string; col: number; cols: readonly number[] | undefined }

/** Column of the character at `offset`; what a parameter put there has the column of the parameter. */
export function columnAt({ col, cols, text }: SourceText, offset: number): number {
  if (cols === undefined) return col + offset
  return cols[Math.min(offset, text.length - 1)] ?? col
}

/** The characters from `from` to before `to`. */
export function partOf(source: SourceText, from: number, to = source.text.length): SourceText {
  return {
    text: source.text.slice(from, to),
    col: columnAt(source, from),
    cols: source.cols?.slice(from, to),
  }
}

/** With `by` in place of the characters from `from` to before `to`. */
export function replaced(source: SourceText, from: number, to: number, by: string): SourceText {
  const { text } = source
  const cols = source.cols ?? Array.from(text, (_, index) => source.col + index)
  const at = columnAt(source, from)
  return {
    text: text.slice(0, from) + by + text.slice(to),
    col: source.col,
    cols: [...cols.slice(0, from), ...new Array<number>(by.length).fill(at), ...cols.slice(to)],
  }
}

/** Without the blanks and tabs around it. */
export function trimmed(source: SourceText): SourceText {
  const { text } = source
  const from = text.search(/[^ \t]/)
  if (from < 0) return text === '' ? source : partOf(source, 0, 0)
  let to = text.length
  while (isBlank(text[to - 1])) to -= 1
  return from === 0 && to === text.length ? source : partOf(source, from, to)
}

/** What keepalived takes away around a line. */
export function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
