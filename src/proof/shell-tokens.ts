/** What is written in a way that is not read here: case, here-documents, jobs in the background, or no shell at all. */
export class NotUnderstood extends Error {}

/** A word is as written, with its quotes. */
export type Token = { kind: 'word' | 'operator'; text: string }
const BLANK = /[ \t\r]/
const ENDS_WORD = /[\s;&|()]/

/** Throws NotUnderstood. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] ?? ''
    const [operator] = /^(?:&&|\|\||;;|[\n;|&()])/.exec(text.slice(at, at + 2)) ?? []
    if (BLANK.test(char)) at += 1
    else if (char === '#') at = orEnd(text, text.indexOf('\n', at))
    else if (operator !== undefined && !/^&>/.test(text.slice(at, at + 2))) {
      tokens.push({ kind: 'operator', text: operator })
      at += operator.length
    } else {
      const end = wordEnd(text, at)
      tokens.push({ kind: 'word', text: text.slice(at, end) })
      at = end
    }
  }
  return tokens
}

function wordEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const char = text[at] ?? ''
    // 2>&1, &>file and >|file are no operators.
    const redirects = /^(?:[<>]+[&|]?|&>+)/.exec(text.slice(at, at + 4))?.[0]
    if (redirects?.startsWith('<<') === true) throw new NotUnderstood()
    if (redirects !== undefined) at += redirects.length
    else if (ENDS_WORD.test(char)) break
    else at = partEnd(text, at)
  }
  return at
}

/** Behind a quoted part, a substitution, or one character. */
function partEnd(text: string, at: number): number {
  const char = text[at]
  if (char === '\\') return at + 2
  if (char === "'") return behind(text, text.indexOf("'", at + 1))
  if (char === '`') return behind(text, text.indexOf('`', at + 1))
  if (char === '"') return nested(text, at + 1, '"')
  if (char === '$' && text[at + 1] === '(') return nested(text, at + 2, ')')
  if (char === '$' && text[at + 1] === '{') return nested(text, at + 2, '}')
  return at + 1
}

/** Behind the `closing` one that belongs to what is open at `from`. */
function nested(text: string, from: number, closing: string): number {
  let at = from
  while (at < text.length && text[at] !== closing) {
    if (closing === ')' && text[at] === '(') at = nested(text, at + 1, ')')
    // A ' within " is one character.
    else at = closing === '"' && text[at] === "'" ? at + 1 : partEnd(text, at)
  }
  return behind(text, at < text.length ? at : -1)
}

function behind(text: string, at: number): number {
  if (at < 0 || at >= text.length) throw new NotUnderstood()
  return at + 1
}

function orEnd(text: string, at: number): number {
  return at < 0 ? text.length : at
}
