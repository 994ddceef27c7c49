import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import type { Position, Problem } from '../spec/problem.ts'
import { type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/**
 * What keepalived does not accept, or takes otherwise than it is meant. It runs with the rest, so the proof is of the rest; where it
 * does not start at all, the proof is of the other nodes.
 */
export function fileRules({ nodes }: Evidence): RuleFinding[] {
  return nodes.flatMap(({ config }) => [
    ...config.fatal.map(ofFatal),
    ...config.problems
      .filter((problem) => !config.fatal.includes(problem))
      .flatMap((problem) => ofProblem(config, problem)),
    ...unpassed(config),
    ...shellWords(config),
    ...newer(config),
    ...unread(config),
  ])
}

/** Words that do nothing where keepalived does not accept them: who holds an address is the same without. */
const IDLE = /^(?:nopreempt|preempt_delay|track_interface) /
/** The reader begins with the word that it is about. */
const AUTHENTICATION = /^(?:authentication|auth_type|auth_pass) /

function ofProblem(config: KeepalivedConfig, problem: Problem): RuleFinding[] {
  // SCRIPT-SECURITY tells that.
  const isScript = config.scripts.some(({ places }) => isAt(places.get('script'), problem))
  if (isScript && !config.globals.scriptSecurity) return []
  const { message, fix, others } = inTwo(problem.message)
  if (/^advert_int .* VRRPv2 /.test(message))
    return [finding('ADVERT-V2', 'warning', [problem], problem.message, 'version 3 on all nodes, or whole seconds')]
  if (AUTHENTICATION.test(message)) return [finding('AUTH', 'warning', [problem, ...others], message, fix)]
  return [finding('KEEPALIVED', IDLE.test(message) ? 'warning' : 'error', [problem, ...others], message, fix)]
}

/** keepalived ends over it at its start. The node is not named, so that nodes with one file have one finding. */
function ofFatal(problem: Problem): RuleFinding {
  const { message, fix, others } = inTwo(problem.message)
  const what = message.replace(/, so keepalived does not start$/, '')
  const told = `keepalived does not start with this file, and its node takes no part: ${what}`
  return finding('KEEPALIVED', 'error', [problem, ...others], told, fix)
}

/** A problem says what and why; what to do stands behind its last semicolon. Other places that it names come with its own. */
function inTwo(whole: string): { message: string; fix: string; others: Position[] } {
  const others = [...whole.matchAll(OTHER_PLACE)].map(([, file = '', line]) => ({ file, line: Number(line), col: 1 }))
  const text = whole.replace(OTHER_PLACE, '')
  const end = text.lastIndexOf('; ')
  if (end < 0) return { message: text, fix: 'see what keepalived -t says on the node', others }
  return { message: text.slice(0, end), fix: text.slice(end + 2), others }
}

const OTHER_PLACE = / \((\S+):(\d+)\)/g

function isAt(place: Position | undefined, { file, line }: Position): boolean {
  return place?.file === file && place.line === line
}

function unpassed({ scripts }: KeepalivedConfig): RuleFinding[] {
  return scripts.flatMap(({ name, command, unused, places, at }) => {
    if (unused === undefined) return []
    return [
      finding(
        'KEEPALIVED',
        'error',
        [places.get('script') ?? at],
        `${name} runs ${command} alone: without quotes keepalived passes on no arguments, and ${unused} is lost`,
        `script "${command} ${unused}"`,
      ),
    ]
  })
}

/** What a shell would understand outside of quotes. keepalived runs the program itself (2.2.7, system_call_script, execve). */
const OF_A_SHELL = /\|\|?|&&|[;<>`]|\$\(|\[\[/
const IS_A_SHELL = /^(?:\S*\/)?(?:env\s+)?(?:ba|da|k|z)?sh\s/

function shellWords({ scripts }: KeepalivedConfig): RuleFinding[] {
  return scripts.flatMap(({ name, command, places, at }) => {
    const [found] = OF_A_SHELL.exec(command.replace(/'[^']*'|"[^"]*"/g, '')) ?? []
    // `</path` is keepalived's own: whether the file can be opened.
    if (found === undefined || IS_A_SHELL.test(command) || command.startsWith('<')) return []
    return [
      finding(
        'KEEPALIVED',
        'warning',
        [places.get('script') ?? at],
        `${name} has ${found} in its command, and keepalived starts no shell: what stands there are arguments of the program, and the check does not do what it says`,
        `script "/bin/sh -c '…'", or a script of its own`,
      ),
    ]
  })
}

function newer({ newer: words }: KeepalivedConfig): RuleFinding[] {
  return words.map(({ what, since, at }) =>
    finding(
      'KEEPALIVED',
      'note',
      [at],
      `${what} is read by keepalived ${since} and later: an older one does not accept it`,
      'keepalived --version on every node says which one it has',
    ),
  )
}

function unread({ unread: lines }: KeepalivedConfig): RuleFinding[] {
  return lines.map(({ text, at }) =>
    finding(
      'KEEPALIVED',
      'note',
      [at],
      `${text.slice(0, 100)} is not read, so there may be more in this file than the proof knows`,
      'write it out (~SEQ, ~LST, parameters of several lines)',
    ),
  )
}
