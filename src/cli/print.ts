import { styleText } from 'node:util'
import { formatProblem, type Problem } from '../spec/problem.ts'
import { forTerminal } from '../words.ts'

type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim'

/** Colours on a terminal only; NO_COLOR is respected (node:util does both). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** A unified diff in the colours of git. */
export function paintDiff(diff: string): string {
  const line = (text: string): string =>
    text.startsWith('+') ? paint('green', text) : text.startsWith('-') ? paint('red', text) : text
  return diff.split('\n').map(line).join('\n')
}

export function printProblems(problems: readonly Problem[]): void {
  for (const problem of problems) console.log(formatProblem(forTerminal(problem)))
  console.log(problems.length === 1 ? '1 problem' : `${problems.length} problems`)
}

/** What to do, below the verdict. */
export function adviceLines({ advice }: { advice: string | null }): string[] {
  return advice === null ? [] : [`  → ${advice}`]
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => visibleLength(row[column] ?? ''))))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character of colours is what is left out.
  return text.replace(/\u001b\[\d+m/g, '').length
}

/** A path as a shell takes it when the command is pasted; quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
