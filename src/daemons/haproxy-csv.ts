/** The table that `show stat` prints (management.txt §9.1): a header `# pxname,svname,…` and a line per proxy and server. */
export type Csv = { lines: readonly string[]; columns: ReadonlyMap<string, number> }

/** `type`, the column that says what a line is about. */
export const FRONTEND = '0'
export const BACKEND = '1'
export const SERVER = '2'

/** Undefined when the text holds no table. */
export function findCsv(text: string): Csv | undefined {
  const at = text.indexOf('# pxname,')
  if (at < 0) return undefined
  const [header = '', ...lines] = text.slice(at + 2).split('\n')
  return { lines, columns: new Map(header.split(',').map((name, index) => [name, index])) }
}

/**
 * Makes a reader of some columns, which gives a line's cells in the order of `names`; a column that this HAProxy does not
 * have is empty. A line has more than a hundred cells and the wanted ones are among the first: the rest is not looked at.
 * No cell before `last_chk`, the first with free text, is ever quoted.
 */
export function cellReader({ columns }: Csv, names: readonly string[]): (line: string) => string[] {
  const wanted = names
    .flatMap((name, place) => {
      const column = columns.get(name)
      return column === undefined ? [] : [{ column, place }]
    })
    .sort((a, b) => a.column - b.column)
  return (line) => {
    const cells: string[] = names.map(() => '')
    let column = 0
    let from = 0
    for (const next of wanted) {
      for (; column < next.column; column += 1) {
        const comma = line.indexOf(',', from)
        if (comma < 0) return cells
        from = comma + 1
      }
      const end = line.indexOf(',', from)
      cells[next.place] = line.slice(from, end < 0 ? undefined : end)
    }
    return cells
  }
}
