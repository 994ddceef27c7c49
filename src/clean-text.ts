const ESCAPE = String.fromCharCode(0x1b)
const BELL = String.fromCharCode(0x07)
const ANSI = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?)`, 'gu')

/**
 * A text of the outside world made fit for a log line or a page: no ANSI sequences, no control characters, no invisible
 * or direction-changing ones (all of Unicode's Cf), at most `maxLength` characters with `…` where it was cut.
 */
export function cleanText(text: string, maxLength = 200): string {
  const clean = visible(text).trim()
  const characters = [...clean]
  return characters.length <= maxLength ? clean : `${characters.slice(0, maxLength - 1).join('')}…`
}

/** The same of several lines, which keep their indentation; whole, however long it is. */
export function cleanLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n')
}

function visible(line: string): string {
  return line
    .replace(ANSI, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}]/gu, '')
}
