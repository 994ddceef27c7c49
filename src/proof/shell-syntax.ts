import { NotUnderstood, type Token, tokensOf } from './shell-tokens.ts'

/** A part of a shell script. `words` are as written, with their quotes and with redirections. */
export type Shell =
  | { kind: 'command'; words: readonly string[] }
  | { kind: 'pipeline'; negated: boolean; parts: readonly Shell[] }
  /** `first && … || …`, from left to right. */
  | { kind: 'chain'; first: Shell; rest: readonly { when: '&&' | '||'; part: Shell }[] }
  | { kind: 'list'; parts: readonly Shell[] }
  | { kind: 'if'; branches: readonly { condition: Shell; body: Shell }[]; otherwise: Shell | undefined }
  /** `condition`: undefined for `for`. */
  | { kind: 'loop'; condition: Shell | undefined; isUntil: boolean; body: Shell }
  | { kind: 'function'; name: string; body: Shell }
  | { kind: 'group'; body: Shell; isSubshell: boolean }

/** undefined: it was not understood. The time it takes grows with the text. */
export function parseShell(text: string): Shell | undefined {
  if (text.length > LONGEST) return undefined
  try {
    const tokens = { list: tokensOf(text), next: 0 }
    const whole = listUntil(tokens, [])
    return tokens.next === tokens.list.length ? whole : undefined
  } catch (error) {
    if (error instanceof NotUnderstood || error instanceof RangeError) return undefined
    throw error
  }
}

/** Checks have some dozens of lines. */
const LONGEST = 20_000

type Tokens = { list: readonly Token[]; next: number }
const peek = ({ list, next }: Tokens): Token | undefined => list[next]

function isNext(tokens: Tokens, kind: Token['kind'], ...texts: readonly string[]): boolean {
  const token = peek(tokens)
  return token?.kind === kind && texts.includes(token.text)
}

function take(tokens: Tokens, kind: Token['kind'], text: string): void {
  if (!isNext(tokens, kind, text)) throw new NotUnderstood()
  tokens.next += 1
}

function skipLines(tokens: Tokens): void {
  while (isNext(tokens, 'operator', '\n')) tokens.next += 1
}

/** Commands up to one of the reserved words, `)`, or the end. */
function listUntil(tokens: Tokens, ends: readonly string[]): Shell {
  const parts: Shell[] = []
  for (;;) {
    while (isNext(tokens, 'operator', '\n', ';')) tokens.next += 1
    if (peek(tokens) === undefined || isNext(tokens, 'word', ...ends) || isNext(tokens, 'operator', ')')) break
    parts.push(chain(tokens))
    const after = peek(tokens)
    if (after !== undefined && !isNext(tokens, 'operator', '\n', ';', ')')) throw new NotUnderstood()
  }
  return { kind: 'list', parts }
}

function chain(tokens: Tokens): Shell {
  const first = pipeline(tokens)
  const rest: { when: '&&' | '||'; part: Shell }[] = []
  for (;;) {
    const when = isNext(tokens, 'operator', '&&') ? '&&' : isNext(tokens, 'operator', '||') ? '||' : undefined
    if (when === undefined) return rest.length === 0 ? first : { kind: 'chain', first, rest }
    tokens.next += 1
    skipLines(tokens)
    rest.push({ when, part: pipeline(tokens) })
  }
}

function pipeline(tokens: Tokens): Shell {
  const negated = isNext(tokens, 'word', '!')
  if (negated) tokens.next += 1
  const parts = [command(tokens)]
  while (isNext(tokens, 'operator', '|')) {
    tokens.next += 1
    skipLines(tokens)
    parts.push(command(tokens))
  }
  const [only] = parts
  return only !== undefined && parts.length === 1 && !negated ? only : { kind: 'pipeline', negated, parts }
}

function command(tokens: Tokens): Shell {
  const found = bareCommand(tokens)
  // A simple command has taken its own.
  for (let token = peek(tokens); token?.kind === 'word'; token = peek(tokens)) {
    const [, target] = /^\d*[<>&]+(.*)$/.exec(token.text) ?? []
    if (target === undefined) break
    tokens.next += target === '' ? 2 : 1
  }
  return found
}

function bareCommand(tokens: Tokens): Shell {
  const token = peek(tokens)
  if (token === undefined) throw new NotUnderstood()
  if (token.kind === 'operator') {
    if (token.text !== '(') throw new NotUnderstood()
    tokens.next += 1
    const inside = listUntil(tokens, [])
    take(tokens, 'operator', ')')
    return { kind: 'group', body: inside, isSubshell: true }
  }
  switch (token.text) {
    case '{':
      tokens.next += 1
      return { kind: 'group', body: closed(tokens, '}'), isSubshell: false }
    case 'if':
      return ifOf(tokens)
    case 'for':
    case 'while':
    case 'until':
      return loopOf(tokens, token.text)
    case 'function':
      tokens.next += 1
      return functionOf(tokens)
    case 'case':
    case 'select':
    case 'coproc':
      throw new NotUnderstood()
    default: {
      const [after, closing] = tokens.list.slice(tokens.next + 1, tokens.next + 3)
      if (after?.kind === 'operator' && after.text === '(' && closing?.text === ')') return functionOf(tokens)
      return simple(tokens)
    }
  }
}

function simple(tokens: Tokens): Shell {
  const words: string[] = []
  // Within [[ … ]] the operators are words.
  let isTest = false
  for (let token = peek(tokens); token !== undefined && (token.kind === 'word' || isTest); token = peek(tokens)) {
    if (words.length === 0 && token.text === '[[') isTest = true
    if (token.text === ']]') isTest = false
    words.push(token.text)
    tokens.next += 1
  }
  if (isNext(tokens, 'operator', '(') || isTest) throw new NotUnderstood()
  return { kind: 'command', words }
}

function closed(tokens: Tokens, end: string): Shell {
  const body = listUntil(tokens, [end])
  take(tokens, 'word', end)
  return body
}

function ifOf(tokens: Tokens): Shell {
  const branches: { condition: Shell; body: Shell }[] = []
  do {
    tokens.next += 1
    const condition = closed(tokens, 'then')
    branches.push({ condition, body: listUntil(tokens, ['elif', 'else', 'fi']) })
  } while (isNext(tokens, 'word', 'elif'))
  if (!isNext(tokens, 'word', 'else')) {
    take(tokens, 'word', 'fi')
    return { kind: 'if', branches, otherwise: undefined }
  }
  tokens.next += 1
  return { kind: 'if', branches, otherwise: closed(tokens, 'fi') }
}

function loopOf(tokens: Tokens, keyword: string): Shell {
  tokens.next += 1
  const head = closed(tokens, 'do')
  const body = closed(tokens, 'done')
  return { kind: 'loop', condition: keyword === 'for' ? undefined : head, isUntil: keyword === 'until', body }
}

function functionOf(tokens: Tokens): Shell {
  const name = peek(tokens)?.text ?? ''
  tokens.next += 1
  if (isNext(tokens, 'operator', '(')) {
    tokens.next += 1
    take(tokens, 'operator', ')')
  }
  skipLines(tokens)
  return { kind: 'function', name, body: command(tokens) }
}
