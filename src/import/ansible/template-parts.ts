/** A part of a Jinja2 template. `line` counts from 1. `opens`, `closes`: the tag's own marks, such as `{%-` and `-%}`. */
export type TemplatePart =
  | { kind: 'text'; text: string; line: number }
  | { kind: 'comment'; text: string; line: number }
  | { kind: 'tag'; what: 'expression' | 'statement'; opens: string; inside: string; closes: string; line: number }

const TAG = /\{(?:\{|%|#)/g
const CLOSING: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' }

/** Cuts a template at its tags. What stands between `raw` and `endraw` is text; a tag that is not closed takes the rest. */
export function templateParts(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  let line = 1
  let index = 0
  const add = (part: TemplatePart, length: number) => {
    parts.push(part)
    line += countNewlines(template.slice(index, index + length))
    index += length
  }
  while (index < template.length) {
    TAG.lastIndex = index
    const start = TAG.exec(template)?.index ?? template.length
    if (start > index) add({ kind: 'text', text: template.slice(index, start), line }, start - index)
    if (start === template.length) break
    const mark = template.slice(start, start + 2)
    const end = mark === '{#' ? endOfComment(template, start) : endOfTag(template, start + 2, CLOSING[mark] ?? '')
    const text = template.slice(start, end)
    if (mark === '{#') {
      add({ kind: 'comment', text, line }, text.length)
      continue
    }
    const opens = /^\{[{%][-+]?/.exec(text)?.[0] ?? mark
    const closes = /[-+]?[}%]\}$/.exec(text.slice(opens.length))?.[0] ?? ''
    const inside = text.slice(opens.length, text.length - closes.length)
    add({ kind: 'tag', what: mark === '{{' ? 'expression' : 'statement', opens, inside, closes, line }, text.length)
    if (mark === '{%' && inside.trim() === 'raw') {
      const rest = template.slice(index)
      const length = /\{%[-+]?\s*endraw/.exec(rest)?.index ?? rest.length
      add({ kind: 'text', text: rest.slice(0, length), line }, length)
    }
  }
  return parts
}

function endOfComment(template: string, start: number): number {
  const end = template.indexOf('#}', start + 2)
  return end === -1 ? template.length : end + 2
}

/** Behind the closing mark that does not stand in quotes or, of an expression, in braces. */
function endOfTag(template: string, start: number, closing: string): number {
  let braces = 0
  for (let index = start; index < template.length; index += 1) {
    const character = template[index] ?? ''
    if (character === '"' || character === "'") index = endOfString(template, index)
    else if (braces === 0 && template.startsWith(closing, index)) return index + closing.length
    else if (character === '{') braces += 1
    else if (character === '}' && braces > 0) braces -= 1
  }
  return template.length
}

/** The place of the closing quote, or of the last character. */
export function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === text[start]) return index
  }
  return text.length
}

function countNewlines(text: string): number {
  return text.split('\n').length - 1
}
