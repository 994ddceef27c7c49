import { parseShell, type Shell } from './shell-syntax.ts'
import {
  BADLY,
  BOTH,
  eitherWay,
  goingOn,
  inverted,
  NONE,
  type Status,
  type Statuses,
  statusesOf,
  UNKNOWN,
  union,
  type Ways,
  WELL,
  without,
} from './shell-ways.ts'

/** What is known of a command: undefined is nothing, so that it may end either way. */
export type Verdict = 'fails' | 'ends the script badly' | undefined

/**
 * Whether a script always ends with an exit status that is not 0, whatever the commands give that nothing is known of. `verdictOf`
 * gets a command as it is written. false also where the script was not understood.
 */
export function alwaysEndsBadly(text: string, verdictOf: (command: string) => Verdict): boolean {
  const shell = parseShell(text)
  if (shell === undefined) return false
  const script: Script = { text, verdictOf, functions: new Map(), silent: new Set(), exitsOnFailure: false, depth: 0 }
  return !statusesOf(run(shell, script, BOTH)).has('well')
}

type Script = {
  text: string
  verdictOf: (command: string) => Verdict
  functions: Map<string, Shell>
  /** Variables with what a question without an answer prints: nothing, or 000. */
  silent: Set<string>
  /** `set -e`. */
  exitsOnFailure: boolean
  depth: number
}

/** `before`: the status of the last command, which is `$?`. */
function run(shell: Shell, script: Script, before: Statuses): Ways {
  switch (shell.kind) {
    case 'command':
      return command(shell.words, script, before)
    case 'pipeline':
      return pipeline(shell, script, before)
    case 'chain':
      return chain(shell, script, before)
    case 'list':
      return list(shell.parts, script, before)
    case 'if':
      return conditional(shell, script, before)
    case 'loop':
      return loop(shell, script, before)
    case 'function':
      script.functions.set(shell.name, shell.body)
      return goingOn(WELL)
    case 'group': {
      const ways = run(shell.body, script, before)
      return shell.isSubshell ? goingOn(statusesOf(ways)) : ways
    }
    default:
      return shell satisfies never
  }
}

function list(parts: readonly Shell[], script: Script, before: Statuses): Ways {
  let ways = goingOn(before)
  for (const part of parts) {
    if (ways.goesOn.size === 0) break
    const next = run(part, script, ways.goesOn)
    // What is tested does not end the script, and a command within a chain is.
    const ends = script.exitsOnFailure && part.kind === 'command' && next.goesOn.has('badly')
    const goesOn = ends ? without(next.goesOn, 'badly') : next.goesOn
    ways = eitherWay({ ...ways, goesOn: NONE }, { ...next, goesOn, exits: union(next.exits, ends ? BADLY : NONE) })
  }
  return ways
}

function chain({ first, rest }: Extract<Shell, { kind: 'chain' }>, script: Script, before: Statuses): Ways {
  let ways = run(first, script, before)
  for (const { when, part } of rest) {
    const runsAfter: Status = when === '&&' ? 'well' : 'badly'
    if (!ways.goesOn.has(runsAfter)) continue
    const next = run(part, script, new Set([runsAfter]))
    ways = eitherWay({ ...ways, goesOn: without(ways.goesOn, runsAfter) }, next)
  }
  return ways
}

/** Its status is that of the last part. grep finds nothing in what a question without an answer prints. */
function pipeline({ negated, parts }: Extract<Shell, { kind: 'pipeline' }>, script: Script, before: Statuses): Ways {
  const [first, ...others] = parts.map((part) => run(part, script, before))
  if (first === undefined) return UNKNOWN
  const last = others.at(-1)
  if (last === undefined) return { ...first, goesOn: negated ? inverted(first.goesOn) : first.goesOn }
  const end = parts.at(-1)
  const isEmpty = !statusesOf(first).has('well') && parts.length === 2
  const isSearch = end?.kind === 'command' && /^[ef]?grep$/.test(end.words[0] ?? '')
  const statuses = isEmpty && isSearch ? BADLY : statusesOf(last)
  return goingOn(negated ? inverted(statuses) : statuses)
}

function conditional({ branches, otherwise }: Extract<Shell, { kind: 'if' }>, script: Script, before: Statuses): Ways {
  let ways = goingOn(NONE)
  let asked = before
  for (const { condition, body } of branches) {
    const seen = run(condition, { ...script, exitsOnFailure: false }, asked)
    const then = seen.goesOn.has('well') ? run(body, script, WELL) : goingOn(NONE)
    ways = eitherWay(ways, eitherWay({ ...seen, goesOn: NONE }, then))
    if (!seen.goesOn.has('badly')) return ways
    asked = BADLY
  }
  return eitherWay(ways, otherwise === undefined ? goingOn(WELL) : run(otherwise, script, asked))
}

/** How often it runs is not known, nor what `break` leaves. */
function loop({ condition, isUntil, body }: Extract<Shell, { kind: 'loop' }>, script: Script, before: Statuses): Ways {
  const asked = condition === undefined ? UNKNOWN : run(condition, script, before)
  const enters = asked.goesOn.has(isUntil ? 'badly' : 'well')
  const inside = enters ? run(body, script, BOTH) : goingOn(NONE)
  return { ...eitherWay(asked, inside), goesOn: BOTH }
}

/** Functions that call each other are not followed further. */
const DEEPEST = 8
/** What goes before the command that is meant. */
const BEFORE =
  /^(?:(?:\/\S*\/)?(?:exec|command|builtin|sudo|env|nice|timeout)\s+(?:-\S+\s+)*(?:\d+(?:\.\d+)?[smhd]?\s+)?|[A-Za-z_]\w*=[^\s"'$`]*\s+)*/

function command(words: readonly string[], script: Script, before: Statuses): Ways {
  const text = words.join(' ')
  const bare = text.replace(BEFORE, '')
  const [name = '', argument] = bare.split(/\s+/)
  const [, , nested] = /^(?:\S*\/)?(?:ba|da)?sh\s+-\w*c\s+(['"])([\s\S]*?)\1/.exec(bare) ?? []
  if (nested !== undefined) return nestedIn(nested, script)
  const isExec = words[0] === 'exec' && !/^exec\s+\d*[<>&]/.test(text)
  const verdict = script.verdictOf(bare)
  if (verdict === 'ends the script badly') return { exits: BADLY, returns: NONE, goesOn: NONE }
  if (verdict === 'fails') return isExec ? { exits: BADLY, returns: NONE, goesOn: NONE } : goingOn(BADLY)
  if (isExec) return { exits: BOTH, returns: NONE, goesOn: NONE }
  const called = script.functions.get(name)
  if (called !== undefined && script.depth < DEEPEST) {
    // set -e does not count where its call is tested, so it is left out.
    const ways = run(called, { ...script, depth: script.depth + 1, exitsOnFailure: false }, before)
    return { exits: ways.exits, returns: NONE, goesOn: union(ways.returns, ways.goesOn) }
  }
  switch (name) {
    case 'exit':
      return { exits: statusOf(argument, before), returns: NONE, goesOn: NONE }
    case 'return':
      return { exits: NONE, returns: statusOf(argument, before), goesOn: NONE }
    case 'break':
    case 'continue':
      return goingOn(NONE)
    case 'true':
    case ':':
    case 'echo':
    case 'sleep':
      return goingOn(WELL)
    case 'false':
      return goingOn(BADLY)
    case 'set':
      if (/^-\w*e|^-o\s+errexit/.test(bare.slice(4))) script.exitsOnFailure = true
      if (/^\+\w*e/.test(bare.slice(4))) script.exitsOnFailure = false
      return goingOn(WELL)
    case '[':
    case '[[':
    case 'test':
      return goingOn(testOf(bare, script, before))
    case '.':
    case 'source':
    case 'eval':
    case 'trap':
      return { exits: BOTH, returns: BOTH, goesOn: BOTH }
    default:
      return assigned(bare, script) ?? UNKNOWN
  }
}

/** `exit`, `exit $?`, `exit 1`. */
function statusOf(argument: string | undefined, before: Statuses): Statuses {
  if (argument === undefined || /^"?\$\?"?$/.test(argument)) return before
  if (!/^\d+$/.test(argument)) return BOTH
  return Number(argument) % 256 === 0 ? WELL : BADLY
}

/** A script within a script: it ends, and the outer one goes on. */
function nestedIn(text: string, script: Script): Ways {
  const shell = parseShell(text)
  return shell === undefined ? UNKNOWN : goingOn(statusesOf(run(shell, { ...script, exitsOnFailure: false }, BOTH)))
}

/** `answer=$(curl …)` has the status of what is asked. */
function assigned(text: string, script: Script): Ways | undefined {
  const [, name = '', asked] = /^([A-Za-z_]\w*)="?\$\(([\s\S]*)\)"?$/.exec(text) ?? []
  if (asked === undefined) return undefined
  const ways = nestedIn(asked, script)
  const isOnly = [...script.text.matchAll(new RegExp(`\\b${name}=`, 'g'))].length === 1
  if (isOnly && !ways.goesOn.has('well')) script.silent.add(name)
  return ways
}

/** `[ $? -ne 0 ]`, `[ "$(curl …)" = 200 ]` and `[ "$answer" = 200 ]`. */
function testOf(text: string, script: Script, before: Statuses): Statuses {
  const inside = text.replace(/^(?:\[\[?|test)\s+/, '').replace(/\s+\]\]?$/, '')
  const [, of$ = ''] = /^"?\$\?"?\s+(-ne|-eq|-gt|!=|==?)\s+"?0"?$/.exec(inside) ?? []
  if (of$ !== '') return IS_EQUAL.test(of$) ? before : inverted(before)
  const [, asked, name = '', compared = ''] =
    /^"?\$(?:\(([\s\S]*)\)|\{?(\w+)\}?)"?\s+(-ne|-eq|!=|==?)\s+["']?[1-9A-Za-z][\w. ]*["']?$/.exec(inside) ?? []
  const isSilent = asked === undefined ? script.silent.has(name) : !nestedIn(asked, script).goesOn.has('well')
  if (!isSilent) return BOTH
  return IS_EQUAL.test(compared) ? BADLY : WELL
}

const IS_EQUAL = /^(?:-eq|==?)$/
