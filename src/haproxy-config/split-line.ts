/** The words of one line and the columns, from 1, at which they begin. `problem`: why HAProxy would not take the line. */
export type SplitLine = { words: string[]; columns: number[]; problem: { col: number; message: string } | undefined }

type Split = SplitLine & { word: string; started: number | undefined }

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/**
 * Splits a line as HAProxy does (configuration.txt §2.2; 2.6, tools.c, parse_line()): blanks between words, `\` before a character,
 * "weak" and 'strong' quotes, a comment from `#` on, and in weak quotes `$NAME` and `${NAME}`. Names that `variables` lacks stay as
 * they are written.
 */
export function splitLine(line: string, variables: ReadonlyMap<string, string>): SplitLine {
  const split: Split = { words: [], columns: [], problem: undefined, word: '', started: undefined }
  let quote: { mark: string; col: number } | undefined
  for (let index = 0; index < line.length; ) {
    const character = line[index] ?? ''
    if (quote === undefined && character === '#') break
    if (quote === undefined && /\s/.test(character)) {
      finish(split)
      index += 1
      continue
    }
    split.started ??= index + 1
    if (character === quote?.mark) {
      quote = undefined
      index += 1
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = { mark: character, col: index + 1 }
      index += 1
    } else if (character === '\\' && quote?.mark !== "'")
      index += takeEscape(split, line.slice(index, index + 4), quote?.mark)
    else if (character === '$' && quote?.mark === '"') index += takeVariable(split, line, index, variables)
    else {
      split.word += character
      index += 1
    }
  }
  finish(split)
  const problem = quote && { col: quote.col, message: `the quote ${quote.mark} is not closed on its line; close it` }
  return { words: split.words, columns: split.columns, problem }
}

function finish(split: Split): void {
  if (split.started === undefined) return
  split.words.push(split.word)
  split.columns.push(split.started)
  split.word = ''
  split.started = undefined
}

/** Returns how many characters the escape has. In weak quotes only `\`, `"` and `$` can be escaped. */
function takeEscape(split: Split, text: string, quote: string | undefined): number {
  const next = text[1] ?? ''
  const hex = /^\\x([0-9A-Fa-f]{2})/.exec(text)?.[1]
  const isPlain = quote === '"' ? /[\\"$]/.test(next) : /[\s\\#'"$]/.test(next)
  if (isPlain) split.word += next
  else if (quote === undefined && next in ESCAPED) split.word += ESCAPED[next] ?? ''
  else if (quote === undefined && hex !== undefined) {
    split.word += String.fromCharCode(Number.parseInt(hex, 16))
    return 4
  } else {
    split.word += '\\'
    return 1
  }
  return 2
}

function takeVariable(split: Split, line: string, index: number, variables: ReadonlyMap<string, string>): number {
  const pattern = /\$(?:(\w+)|\{(\w+)(?:-([^}]*))?(?:\[\*\])?\})/y
  pattern.lastIndex = index
  const found = pattern.exec(line)
  const name = found?.[1] ?? found?.[2]
  if (found === null || name === undefined) {
    split.word += '$'
    return 1
  }
  split.word += variables.get(name) ?? found[3] ?? found[0]
  return found[0].length
}
