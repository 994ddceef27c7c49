/** A line as keepalived's parser goes on with it. `at`: where it begins, such as `keepalived.conf:12`. */
export type Line = { text: string; at: string }

/** `unread`: lines that mean something which is not known here. */
export type Lines = { lines: readonly Line[]; unread: readonly Line[] }

/** A file that an `include` names. `name` is its path. */
export type Included = { name: string; text: string }

export type ReadOptions = {
  /** What `@id` is compared with: the hostname's first part, unless keepalived was started with -i. */
  configId: string
  /** The files of an `include`, by its pattern and the file that it is in. */
  include(pattern: string, from: string): readonly Included[]
}

const MOST_INCLUDES = 100
const DEEPEST = 8
const LONGEST_LINE = 10_000

/**
 * What keepalived does before it looks at words (keepalived.conf(5); 2.2.7, read_line() and decomment()): comments from # or ! on
 * that are not quoted, lines that end with \, `@id` and `@^id`, `$NAME=value`, `include`.
 */
export function readLines(name: string, text: string, options: ReadOptions): Lines {
  const lines: Line[] = []
  const unread: Line[] = []
  const parameters = new Map<string, string>()
  let includes = 0

  const readFile = (file: Included, shown: string, depth: number): void => {
    for (const line of joined(file.text, shown)) take(line, file.name, depth)
  }
  const take = (line: JoinedLine, from: string, depth: number): void => {
    const { at } = line
    const raw = ifOurs(line.text, options.configId)
    if (raw === undefined) return
    const [, defined, value] = /^\$([A-Za-z_]\w*)=(.*)$/.exec(raw) ?? []
    if (defined !== undefined && value !== undefined) {
      if (line.isLong) unread.push({ text: raw, at })
      else parameters.set(defined, value.trim())
      return
    }
    const text = ifOurs(substituted(raw, parameters), options.configId)
    if (text === undefined || text === '') return
    const [, pattern] = /^include[a-z]?\s+"?([^\s"]+)/.exec(text) ?? []
    if (pattern === undefined) {
      if (/~(?:SEQ|LST)\w*\(/.test(text) || text.length > LONGEST_LINE) unread.push({ text, at })
      else lines.push({ text, at })
      return
    }
    for (const file of options.include(pattern, from)) {
      includes += 1
      if (depth >= DEEPEST || includes > MOST_INCLUDES) unread.push({ text, at })
      else readFile(file, file.name, depth + 1)
    }
  }
  readFile({ name, text }, name.slice(name.lastIndexOf('/') + 1), 0)
  return { lines, unread }
}

type JoinedLine = Line & { isLong: boolean }

function joined(text: string, shown: string): JoinedLine[] {
  const lines: JoinedLine[] = []
  let open: JoinedLine | undefined
  for (const [index, written] of text.split('\n').entries()) {
    const bare = withoutComment(written).trim()
    const line: JoinedLine =
      open === undefined
        ? { text: bare, at: `${shown}:${index + 1}`, isLong: false }
        : { text: `${open.text} ${bare}`, at: open.at, isLong: true }
    open = line.text.endsWith('\\') ? { ...line, text: line.text.slice(0, -1).trimEnd() } : undefined
    if (open === undefined) lines.push(line)
  }
  return open === undefined ? lines : [...lines, open]
}

function withoutComment(line: string): string {
  let quoted = false
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index]
    if (character === '\\') index += 1
    else if (character === '"') quoted = !quoted
    else if (!quoted && (character === '#' || character === '!')) return line.slice(0, index)
  }
  return line
}

/** Without its `@id`; undefined where the line is for another node. */
function ifOurs(line: string, configId: string): string | undefined {
  const [, not, id, rest = ''] = /^@(\^?)(\S+)\s*(.*)$/.exec(line) ?? []
  if (id === undefined) return line
  return (id === configId) === (not === '^') ? undefined : rest
}

/** Parameters that are not known stay as they are. */
function substituted(line: string, parameters: ReadonlyMap<string, string>): string {
  let text = line
  for (let round = 0; round < DEEPEST && text.length <= LONGEST_LINE; round += 1) {
    const next = text.replace(
      /\$\{(\w+)\}|\$(\w+)(?=\s|$)/g,
      (found, braced?: string, plain?: string) => parameters.get(braced ?? plain ?? '') ?? found,
    )
    if (next === text) return text
    text = next
  }
  return text
}
