import type { KeepalivedConfig, ScriptConfig } from '../keepalived-config/config.ts'
import { type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** The check scripts of hand-written files. lb-agent's own is left out: it is known. */
export function scriptRules(evidence: Evidence): RuleFinding[] {
  if (evidence.spec !== undefined) return []
  return evidence.nodes.flatMap(({ name, config }) => [
    ...config.scripts.flatMap((script) => timeout(name, script)),
    ...security(name, config),
    ...unread(evidence, name),
  ])
}

function timeout(node: string, script: ScriptConfig): RuleFinding[] {
  const { timeoutMs, intervalMs, places, at } = script
  if (timeoutMs <= intervalMs) return []
  return [
    finding(
      'SCRIPT-TIMEOUT',
      'warning',
      [places.get('timeout') ?? at],
      `${script.name} on ${node} may run for ${timeoutMs / 1000} s and is to run every ${intervalMs / 1000} s: a check that hangs is found out late, and keepalived before 2.3.3 starts the next one beside it`,
      'a timeout of at most the interval',
    ),
  ]
}

function security(node: string, { scripts, globals, file }: KeepalivedConfig): RuleFinding[] {
  const [first] = scripts
  if (first === undefined || globals.scriptSecurity) return []
  return [
    finding(
      'SCRIPT-SECURITY',
      'warning',
      [{ file, line: 0, col: 0 }, first.at],
      `${node} runs ${first.name} ${globals.scriptUser === undefined ? 'as root, or as keepalived_script where that user exists' : `as ${globals.scriptUser}`}, whoever may write that file: enable_script_security is missing`,
      'enable_script_security and script_user in global_defs',
    ),
  ]
}

function unread({ cluster }: Evidence, node: string): RuleFinding[] {
  const trackers = cluster.routers.filter((router) => router.node === node).flatMap((router) => router.trackers)
  const seen = new Set<string>()
  return trackers.flatMap(({ name, unknown, at }) => {
    if (unknown === undefined || seen.has(name)) return []
    seen.add(name)
    return [
      finding(
        'SCRIPT-UNREAD',
        'note',
        [at],
        `${name} on ${node}: ${unknown}`,
        'put the script beside keepalived.conf, under the name that it has there',
      ),
    ]
  })
}

/** What keepalived does not accept, also of a repository's own template. It runs with the rest, so the proof is of the rest. */
export function fileRules({ nodes }: Evidence): RuleFinding[] {
  return nodes.flatMap(({ config }) => [
    ...config.problems.map(({ message, ...place }) =>
      finding('KEEPALIVED', 'error', [place], message, `keepalived -t -f ${config.file} says the same`),
    ),
    ...config.unread.map(({ text, at }) =>
      finding(
        'KEEPALIVED',
        'note',
        [at],
        `${text.slice(0, 100)} is not read, so there may be more in this file than the proof knows`,
        'write it out (~SEQ, ~LST, parameters of several lines)',
      ),
    ),
  ])
}
