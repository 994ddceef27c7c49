import type { KeepalivedConfig, ScriptConfig, TrackFileConfig, TrackReference } from '../keepalived-config/config.ts'
import { checkTracker, gateTracker, scoreTracker, serversLostTerms } from './agent-trackers.ts'
import { bareAddress } from './canonical-address.ts'
import type { Contribution, Term, Tracker } from './model.ts'
import type { KeepalivedNode } from './of-keepalived.ts'
import { addressesOf } from './reload-match.ts'
import { askedHere, askedWithoutLooking, exitStatusOf, shellOf } from './script-text.ts'
import { unansweredOf } from './unanswered.ts'
import { whatScriptSees } from './what-script-sees.ts'

/** keepalived's answer to a link that goes down comes by netlink; nothing is polled. */
const AT_ONCE: readonly Term[] = [{ what: 'the kernel says that the link is down', ms: 10 }]
/** lb-agent's defaults, where its files are in a keepalived.conf of somebody's own. */
const LOST = serversLostTerms([{ fall: 2, intervalMs: 1000 }], { dampingMs: 2000, writtenMs: 2000 })

/**
 * With enable_script_security there is no falling back to root: where nobody says who runs a script (`</path` as well), it is keepalived_script, whom
 * Debian does not have, and keepalived leaves the script out (2.2.7, set_default_script_user; "Unable to set default user … removing").
 */
export function isWithoutUser({ user }: ScriptConfig, { globals }: KeepalivedConfig): boolean {
  return globals.scriptSecurity && globals.scriptUser === undefined && user === undefined
}

/**
 * `addresses`: those of the instance, and of its sync group. undefined: the script is not there, or nobody may run it, so keepalived
 * drops the tracker.
 */
export function scriptTracker(
  { config, scripts, haproxy }: KeepalivedNode,
  reference: TrackReference,
  addresses: readonly string[],
): Tracker | undefined {
  const script = config.scripts.find(({ name }) => name === reference.name)
  if (script === undefined || isWithoutUser(script, config)) return undefined
  if (/\blb-agent\b.*\bcheck\b/.test(script.command)) return { ...checkTracker(reference.at), name: script.name }
  // `timeout 2 /etc/keepalived/check.sh` and `sh -c …`: the words behind the first one count as well.
  const words = wordsOfCommand(script.command)
  const text = words.map((word) => scripts?.get(word)).find((one) => one !== undefined)
  const whole = script.unused === undefined ? script.command : `${script.command} ${script.unused}`
  const sight = whatScriptSees(whole, text, ownAddresses(config))
  const { healthy, failing } = effectOf(script, reference)
  const contribution = sight.stopsKeepalived ? 'FAULT' : failing
  const terms = scriptTerms(script)
  const shell = shellOf(whole, text)
  const said = shell ?? whole
  const exitStatus = sight.stopsKeepalived ? 'as seen' : exitStatusOf(shell)
  const asksVip = exitStatus === 'always well' ? undefined : askedWithoutLooking(said, addresses)
  // Where an address is asked, all nodes learn the same: it is answered or not.
  const mayFail = exitStatus !== 'always well' && asksVip === undefined
  const check = { text: said, isShell: isOfShell(text), own: sourcesOf(config), vips: addresses }
  const unanswered = mayFail && haproxy !== undefined ? unansweredOf(check, haproxy) : undefined
  const alwaysFails = unanswered?.outcome === 'always fails'
  const sees = mayFail && !alwaysFails ? sight.sees : []
  return {
    ...{ name: script.name, what: 'script', at: reference.at },
    // Without a holder nobody answers, and a node in FAULT does not become one.
    healthy: alwaysFails ? contribution : asksVip !== undefined && failing === 'FAULT' ? 'FAULT' : healthy,
    under: Object.fromEntries(sees.map((fault) => [fault, { contribution, terms }])),
    unknown: sight.kind === 'unknown' && sees.length > 0 ? notKnown(script.command, text !== undefined) : undefined,
    script: {
      ...{ command: script.command, isFound: text !== undefined, exitStatus, asksVip, unanswered },
      ports: [...new Set(askedHere(said, [...check.own, ...addresses]).map(({ port }) => port))],
    },
  }
}

/** keepalived runs a script as its first line says. */
function isOfShell(scriptText: string | undefined): boolean {
  return scriptText?.startsWith('#!') !== true || /^#!.*\b(?:ba|da|k|z)?sh\b/.test(scriptText)
}

function sourcesOf({ instances }: KeepalivedConfig): string[] {
  return [...new Set(instances.flatMap(({ source }) => source ?? []))]
}

/** Those of the node and its VIPs; none where the files do not say which address the node has. */
function ownAddresses(config: KeepalivedConfig): string[] {
  const sources = sourcesOf(config)
  return sources.length === 0 ? [] : [...sources, ...config.instances.flatMap(addressesOf).map(bareAddress)]
}

function notKnown(command: string, isFound: boolean): string {
  const what = isFound ? 'looks at was not understood from its text' : 'looks at could not be read'
  return `what ${command} ${what}: it is taken to notice a dead HAProxy, and nothing else`
}

/** Its words without quotes: one of them may be the path of a script. */
export function wordsOfCommand(command: string): string[] {
  return command.split(/[\s"']+/).filter((word) => word !== '')
}

/** Worst case: HAProxy fails just after a good check, and each failing one runs as long as it may (2.2.7, vrrp_track.c). */
function scriptTerms({ intervalMs, timeoutMs, fall }: ScriptConfig): Term[] {
  return [
    { what: `${fall} check${fall === 1 ? '' : 's'}, every ${seconds(intervalMs)}`, ms: fall * intervalMs },
    { what: 'the last check, until its timeout', ms: timeoutMs },
  ]
}

/** A file that lb-agent does not write is taken for one that never changes. */
export function fileTracker({ config }: KeepalivedNode, reference: TrackReference): Tracker | undefined {
  const file = config.trackFiles.find(({ name }) => name === reference.name)
  if (file === undefined) return undefined
  const weight = reference.weight ?? file.weight
  const reverse = reference.reverse ?? file.reverse
  const { at, name } = reference
  if (/\/vrrp\/gate$/.test(file.file) && weight === 0 && reverse) return { ...gateTracker(at), name }
  const [, vip] = /\/vrrp\/score-([a-z0-9-]+)$/.exec(file.file) ?? []
  if (vip !== undefined && weight === 1) return { ...scoreTracker(vip, at, LOST), name }
  return {
    ...{ name, what: 'file', at },
    healthy: whenWell(file, weight, reverse),
    under: {},
    unknown: `nothing says who writes ${file.file}: it is taken to stay as it is`,
  }
}

function whenWell({ initValue }: TrackFileConfig, weight: number, reverse: boolean): Contribution {
  const value = initValue ?? 0
  // Weight 0: a value that is not 0 is FAULT, or with `reverse` the value 0; a file in use is taken to say that all is well.
  if (weight === 0) return 0
  return value * weight * (reverse ? -1 : 1)
}

export function processTracker({ config }: KeepalivedNode, reference: TrackReference): Tracker | undefined {
  const process = config.trackProcesses.find(({ name }) => name === reference.name)
  if (process === undefined) return undefined
  const { healthy, failing } = effectOf(process, reference)
  const terms = [{ what: 'the kernel says that the process has ended', ms: 10 + process.terminateDelayMs }]
  const seesHaproxy = process.process.split('/').at(-1) === 'haproxy'
  return {
    ...{ name: process.name, what: 'process', at: reference.at, healthy, unknown: undefined },
    under: seesHaproxy ? { 'haproxy-dead': { contribution: failing, terms } } : {},
  }
}

export function interfaceTracker(reference: TrackReference, own: string | undefined): Tracker {
  const { healthy, failing } = effectOf({ weight: 0, reverse: false }, reference)
  return {
    ...{ name: reference.name, what: 'interface', at: reference.at, healthy, unknown: undefined },
    under: reference.name === own ? { 'link-down': { contribution: failing, terms: AT_ONCE } } : {},
  }
}

/**
 * Weight 0: FAULT when it fails, with `reverse` while it succeeds. A positive weight counts while it succeeds, a negative one while
 * it fails; `reverse` turns its sign (2.2.7, vrrp_track.c: weight * weight_multiplier).
 */
function effectOf(
  defaults: { weight: number; reverse: boolean },
  reference: TrackReference,
): { healthy: Contribution; failing: Contribution } {
  const weight = reference.weight ?? defaults.weight
  const reverse = reference.reverse ?? defaults.reverse
  if (weight === 0) return reverse ? { healthy: 'FAULT', failing: 0 } : { healthy: 0, failing: 'FAULT' }
  const counted = reverse ? -weight : weight
  return weight > 0 ? { healthy: counted, failing: 0 } : { healthy: 0, failing: counted }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`
}
