import { partOf, replaced, type SourceText, trimmed } from './source-text.ts'

/** `goesOn`: the line ends with a backslash, which is not in `source`. `openQuote`: a quote is not closed. */
export type Bare = { source: SourceText; goesOn: boolean; openQuote: boolean }

/**
 * A line without its comment and without blanks around it: from # or ! on that are neither quoted nor behind a backslash
 * (keepalived 2.2.7, decomment()). A backslash at the end counts in a comment too.
 */
export function withoutComment(line: SourceText): Bare {
  if (!/["#!\\]/.test(line.text)) return { source: trimmed(line), goesOn: false, openQuote: false }
  let source = line
  let quoted = false
  let end: number | undefined
  let goesOn = false
  for (let index = 0; index < source.text.length; index += 1) {
    const character = source.text[index]
    if (character === '"') quoted = end === undefined ? !quoted : quoted
    else if (character === '\\') {
      const next = source.text[index + 1]
      if (next === undefined) {
        goesOn = true
        end ??= index
      } else if (!quoted && end === undefined && (next === '#' || next === '!'))
        source = replaced(source, index, index + 1, '')
      else index += 1
    } else if (!quoted && (character === '#' || character === '!')) end ??= index
  }
  return { source: trimmed(end === undefined ? source : partOf(source, 0, end)), goesOn, openQuote: quoted }
}
