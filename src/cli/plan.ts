import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import { type Change, changesOf } from '../prepare/changes-of-files.ts'
import { consequenceText } from '../proof/consequence-text.ts'
import { type Changes, consequencesOf } from '../proof/consequences.ts'
import { impactOf } from '../proof/impact.ts'
import type { VipTable } from '../proof/outcome.ts'
import { takeoverJson } from '../proof/takeover-json.ts'
import type { RenderedFiles } from '../render/render-target.ts'
import { errorsOf } from '../rules/prove.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { failingNow } from './failing-now.ts'
import { planFrom } from './plan-from.ts'
import { printPlan } from './print-plan.ts'
import { jsonOfFindings } from './print-proof.ts'
import { proofOfDesired } from './proof-of-desired.ts'
import { readAgentConfig } from './read-config.ts'
import { readDesired } from './read-desired.ts'
import { include } from './read-hand-written.ts'
import { refuse, refuseFor } from './refuse.ts'
import { createNodeRenderer, packagedTarget } from './render-node.ts'
import { whichNode } from './which-node.ts'

export type PlanOptions = { node?: string; from?: string; config: string; diff: boolean; json?: boolean }

/**
 * What PATH would change on a node: a diff per file against the live ones (or those of `from`), what follows for the daemons and for
 * each VIP, who takes over once all nodes have it, and what stands against that. 0 = good, 1 = problems, or errors of the proof.
 */
export async function plan(path: string, options: PlanOptions): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') return refuseFor(desired.problems, options)
  const config = existsSync(options.config) ? readAgentConfig(options.config) : undefined
  const which = whichNode(desired, options.node ?? config?.node, options)
  if (which.kind === 'none') return which.exitCode
  const node = which.node.name
  const start = planFrom(options.from, config)
  if (start.kind === 'unknown') return refuse(start.reason, { ...options, code: 1 })
  const { haproxy, keepalived } = start.from
  const before = { haproxy: readOptional(haproxy), keepalived: readOptional(keepalived) }
  // A new release id alone changes nothing: both sides carry the id that is live.
  const release = RELEASE.exec(before.haproxy)?.[0] ?? 'not-released'
  const ofThisNode =
    config === undefined ? {} : { paths: config.paths, haproxy: config.haproxy, metrics: config.metrics }
  const rendered = createNodeRenderer(desired)({ ...packagedTarget(node, release), ...ofThisNode })
  if (rendered.kind === 'problems') return refuseFor(rendered.problems, options)
  const proven = proofOfDesired(desired)
  if (proven.kind === 'problems') return refuseFor(proven.problems, options)
  const { proof } = proven
  const was = options.from === undefined ? 'live' : 'from'
  const changes = changesOf({ haproxy, keepalived }, before, rendered.files, was)
  const will = read('keepalived.conf', rendered.files.keepalived)
  const running = before.keepalived === '' ? undefined : read(keepalived, before.keepalived)
  const scored = scoredIn(running)
  const consequences = consequencesOf({
    ...{ haproxy: changeOf('haproxy', changes, before), keepalived: changeOf('keepalived', changes, before) },
    impact: impactOf({ before: running, after: will }, { fails: failsHere(config, node, will) }),
    ...{ node, holders: holdersOf(proof.table), scored, isForeign: scored.size === 0 && isForeign(before) },
  }).map((consequence) => ({ ...consequence, text: consequenceText(consequence) }))
  const ok = errorsOf(proof).length === 0
  if (options.json === true) {
    const takeovers = takeoverJson(proof.table)
    const said = { ok, node, from: start.from, changes: shownChanges(changes, options), consequences, takeovers }
    console.log(JSON.stringify({ ...said, ...jsonOfFindings(proof.findings) }, undefined, 2))
  } else printPlan({ node, note: start.from.note, changes, consequences, proof, showsDiff: options.diff })
  return ok ? 0 : 1
}

function shownChanges(changes: readonly Change[], options: PlanOptions): readonly Partial<Change>[] {
  return options.diff ? changes : changes.map(({ diff: _, ...rest }) => rest)
}

function changeOf(daemon: keyof RenderedFiles, changes: readonly Change[], before: RenderedFiles): Changes['haproxy'] {
  if (!changes.some((change) => change.daemon === daemon)) return 'same'
  return before[daemon] === '' ? 'new' : 'changed'
}

function read(file: string, text: string): KeepalivedConfig {
  const [configId = ''] = hostname().split('.')
  return readKeepalivedConfig(file, text, { configId, include })
}

const RELEASE = /\b[0-9a-f]{12}-[0-9a-f]{8}\b/

/** What lb-agent's own templates write names it, and what the repository's write carries a release. */
function isForeign(before: RenderedFiles): boolean {
  const texts = [before.haproxy, before.keepalived].filter((text) => text !== '')
  return texts.length > 0 && !texts.some((text) => /^# Written by lb-agent:/m.test(text) || RELEASE.test(text))
}

/** Of another node nothing is known here, and the agent makes its own files before keepalived reads their names. */
function failsHere(
  config: AgentConfig | undefined,
  node: string,
  { trackFiles }: KeepalivedConfig,
): ReadonlySet<string> {
  return config?.node === node ? failingNow(trackFiles, config.paths.runtime) : new Set()
}

/** The agent's own file follows a score for each VIP; one that was written by hand does not. */
function scoredIn(was: KeepalivedConfig | undefined): ReadonlySet<string> {
  const scored = was?.instances.filter(({ name, trackFiles }) =>
    trackFiles.some((file) => file.name === `score-${name}`),
  )
  return new Set(scored?.map(({ name }) => name))
}

function holdersOf(table: readonly VipTable[]): ReadonlyMap<string, string> {
  return new Map(
    table.flatMap(({ vip, healthy: { holders } }) =>
      holders[0] === undefined ? [] : [[vip.name, holders[0]] as const],
    ),
  )
}

function readOptional(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
