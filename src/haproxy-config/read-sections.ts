import type { Problem } from '../spec/problem.ts'
import type { Line, Section } from './config.ts'
import { splitLine } from './split-line.ts'

/** configuration.txt of 2.6 and of later versions. */
const KINDS = [
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'userlist', 'peers', 'mailers', 'resolvers', 'cache'],
  ...['program', 'http-errors', 'ring', 'log-forward', 'fcgi-app', 'crt-store', 'traces', 'log-profile', 'acme'],
]
/** A name is not needed by these. */
const UNNAMED = ['global', 'defaults', 'traces']
/** A text of more lines was not written for HAProxy. */
const MOST_LINES = 100_000
/** HAProxy's own line buffer grows as it needs; no person writes such a line. */
const LONGEST_LINE = 16_384

type OpenSection = Omit<Section, 'lines'> & { lines: Line[] }

/**
 * The sections of an haproxy.cfg with the words of their lines. Lines of all branches of an `.if` are among them: which one holds is
 * known to the HAProxy that reads them.
 */
export function readSections(file: string, text: string): { sections: Section[]; problems: Problem[] } {
  const sections: OpenSection[] = []
  const problems: Problem[] = []
  const variables = new Map<string, string>()
  const lines = text.split('\n', MOST_LINES + 1)
  if (lines.length > MOST_LINES) {
    problems.push({
      file,
      line: MOST_LINES,
      col: 1,
      message: `only the first ${MOST_LINES} lines of the file were read`,
    })
    lines.pop()
  }
  for (const [index, written] of lines.entries()) {
    if (written.length > LONGEST_LINE) {
      const message = `the line has ${written.length} characters, and was passed over; ${LONGEST_LINE} are read`
      problems.push({ file, line: index + 1, col: 1, message })
      continue
    }
    const { words, columns, problem } = splitLine(written, variables)
    const at = { file, line: index + 1, col: columns[0] ?? 1 }
    if (problem) problems.push({ ...at, ...problem })
    const [first] = words
    if (first === undefined || /^\.[a-z]+$/.test(first)) continue
    const section = sections.at(-1)
    if (KINDS.includes(first)) sections.push(openSection(words, at, problems))
    else if (section === undefined)
      problems.push({ ...at, message: `"${first}" stands before any section; begin one, such as global` })
    else {
      section.lines.push({ words, columns, at })
      if (/^(?:pre)?setenv$/.test(first) && words[1] !== undefined) variables.set(words[1], words[2] ?? '')
    }
  }
  return { sections, problems }
}

function openSection(words: readonly string[], at: Line['at'], problems: Problem[]): OpenSection {
  const [kind = '', ...rest] = words
  const from = rest.indexOf('from')
  const name = from === 0 ? undefined : rest[0]
  if (name === undefined && !UNNAMED.includes(kind))
    problems.push({ ...at, message: `this ${kind} section has no name; give it one` })
  return { kind, name, from: from === -1 ? undefined : rest[from + 1], at, lines: [] }
}
