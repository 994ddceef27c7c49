import type { ScriptConfig } from '../keepalived-config/config.ts'
import { isWithoutUser } from '../proof/hand-trackers.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import { andList, type Evidence, finding, isAre } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/**
 * The check scripts of hand-written files. lb-agent's own is left out: it is known. Nodes that say the same are one finding (see
 * `once`), so no message names the node: the places do.
 */
export function scriptRules(evidence: Evidence): RuleFinding[] {
  if (evidence.spec !== undefined) return []
  return evidence.nodes.flatMap((node) => [
    ...node.config.scripts.flatMap(timeout),
    ...security(node),
    ...userUnknown(node),
  ])
}

function timeout({ name, timeoutMs, intervalMs, places, at }: ScriptConfig): RuleFinding[] {
  if (timeoutMs <= intervalMs) return []
  return [
    finding(
      'SCRIPT-TIMEOUT',
      'warning',
      [places.get('timeout') ?? at],
      `${name} may run for ${timeoutMs / 1000} s and is to run every ${intervalMs / 1000} s: a check that hangs is found out late, and keepalived before 2.3.3 starts the next one beside it`,
      'a timeout of at most the interval',
    ),
  ]
}

/** keepalived -t then ends with 6, which `reload_check_config` takes for a refusal (2.2.7). */
function security({ config: { scripts, globals, instances } }: KeepalivedNode): RuleFinding[] {
  if (scripts.length === 0 || instances.length === 0 || globals.scriptSecurity) return []
  const user = globals.scriptUser
  const names = andList(scripts.map(({ name }) => name))
  const as = user === undefined ? 'root, or as keepalived_script where that user exists' : user
  return [
    finding(
      'SCRIPT-SECURITY',
      'warning',
      scripts.map(({ at }) => at),
      `${names} ${scripts.length === 1 ? 'runs' : 'run'} as ${as}, whoever may write what is run: enable_script_security is missing, and keepalived -t complains of it`,
      user === undefined
        ? 'enable_script_security and script_user root in global_defs'
        : 'enable_script_security in global_defs',
    ),
  ]
}

/** The takeover table does not count these scripts. */
function userUnknown({ config }: KeepalivedNode): RuleFinding[] {
  const without = config.scripts.filter((script) => isWithoutUser(script, config))
  if (without.length === 0 || config.instances.length === 0) return []
  const names = andList(without.map(({ name }) => name))
  return [
    finding(
      'SCRIPT-SECURITY',
      'error',
      without.map(({ at }) => at),
      `${names} ${isAre(without)} to run as keepalived_script, because no script_user is written: Debian has no such user, so keepalived removes the check, and follows nothing instead`,
      'script_user root in global_defs, or another user that exists',
    ),
  ]
}
