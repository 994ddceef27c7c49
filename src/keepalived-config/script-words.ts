/** Escapes of one letter (keepalived.conf(5), quoted strings). */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
}

/**
 * Words of a script's line, and of the command in it: quotes of both kinds, wherever they are, and what a backslash stands for
 * (2.2.7, alloc_strvec_quoted_escaped()). undefined where a quote is not closed, or nothing follows a backslash.
 */
export function scriptWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  let index = 0
  while (index < text.length) {
    const character = text[index] ?? ''
    if (character === '\\') {
      const [found, hex, control, octal, letter] =
        /\\(?:x([0-9A-Fa-f]+)|c([\s\S])|([0-7]{1,3})|([\s\S]))/y.exec(text.slice(index, index + 20)) ?? []
      if (found === undefined) return undefined
      word = (word ?? '') + escaped(hex, control, octal, letter)
      index += found.length
      continue
    }
    if (quote !== undefined && character === quote) quote = undefined
    else if (quote !== undefined) word = (word ?? '') + character
    else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (!/\s/.test(character)) word = (word ?? '') + character
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
    index += 1
  }
  if (quote !== undefined) return undefined
  return word === undefined ? words : [...words, word]
}

function escaped(
  hex: string | undefined,
  control: string | undefined,
  octal: string | undefined,
  letter: string | undefined,
): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16) & 0xff)
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f)
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
  return letter === undefined ? '' : (ESCAPES[letter] ?? letter)
}
