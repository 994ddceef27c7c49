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
import type { AgentConfig } from '../spec/agent-config.ts'
import { forTerminal } from '../words.ts'
import { failingNow } from './failing-now.ts'
import { planFrom } from './plan-from.ts'
import { paint, paintDiff, printProblems } from './print.ts'
import { printTakeovers } from './print-proof.ts'
import { proofOfDesired } from './proof-of-desired.ts'
import { readAgentConfig } from './read-config.ts'
import { readDesired } from './read-desired.ts'
import { include } from './read-hand-written.ts'
import { createNodeRenderer, packagedTarget } from './render-node.ts'
import { whichNode } from './which-node.ts'

export type PlanOptions = { node?: string; from?: string; config: string; json?: boolean }

/**
 * What PATH would change on a node: a diff per file against the live ones (or those of `from`), what follows for the daemons and for
 * each VIP, and who takes over once all nodes have it.
 */
export async function plan(path: string, options: PlanOptions): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') return problems(desired)
  const config = existsSync(options.config) ? readAgentConfig(options.config) : undefined
  const which = whichNode(desired, options.node ?? config?.node)
  if (which.kind === 'none') return which.exitCode
  const node = which.node.name
  const start = planFrom(options.from, config)
  if (start.kind === 'unknown') {
    console.error(`lb-agent: ${start.reason}`)
    return 1
  }
  const { haproxy, keepalived } = start.from
  const before = { haproxy: readOptional(haproxy), keepalived: readOptional(keepalived) }
  // A new release id alone changes nothing: both sides carry the id that is live.
  const release = /\b[0-9a-f]{12}-[0-9a-f]{8}\b/.exec(before.haproxy)?.[0] ?? 'not-released'
  const ofThisNode =
    config === undefined ? {} : { paths: config.paths, haproxy: config.haproxy, metrics: config.metrics }
  const rendered = createNodeRenderer(desired)({ ...packagedTarget(node, release), ...ofThisNode })
  if (rendered.kind === 'problems') return problems(rendered)
  const proof = proofOfDesired(desired)
  if (proof.kind === 'problems') return problems(proof)
  const changes = changesOf({ haproxy, keepalived }, before, rendered.files)
  const will = read('keepalived.conf', rendered.files.keepalived)
  const was = before.keepalived === '' ? undefined : read(keepalived, before.keepalived)
  const consequences = consequencesOf({
    ...{ haproxy: changeOf('haproxy', changes, before), keepalived: changeOf('keepalived', changes, before) },
    impact: impactOf({ before: was, after: will }, { fails: failsHere(config, node, will) }),
    ...{ node, holders: holdersOf(proof.proof.table), scored: scoredIn(was) },
  }).map((consequence) => ({ ...consequence, text: consequenceText(consequence) }))
  if (options.json === true) {
    const takeovers = takeoverJson(proof.proof.table)
    console.log(JSON.stringify({ node, from: start.from, changes, consequences, takeovers }, undefined, 2))
    return 0
  }
  if (changes.length === 0) console.log(`nothing changes on ${node}`)
  for (const { diff } of changes) console.log(paintDiff(forTerminal(diff)))
  for (const { kind, text } of changes.length === 0 ? [] : consequences)
    console.log(paint(MOVES.has(kind) ? 'yellow' : 'bold', forTerminal(text)))
  console.log(`\n${paint('bold', 'once all nodes have it:')}`)
  printTakeovers(proof.proof)
  return 0
}

/** What a client may notice, or who is on call. */
const MOVES: ReadonlySet<string> = new Set([
  'vip leaves and returns',
  'vip moves',
  'vip goes',
  'nodes apart',
  'restart needed',
])

function problems({ problems: found }: { problems: Parameters<typeof printProblems>[0] }): number {
  printProblems(found)
  return 1
}

function changeOf(daemon: keyof RenderedFiles, changes: readonly Change[], before: RenderedFiles): Changes['haproxy'] {
  if (!changes.some((change) => change.daemon === daemon)) return 'same'
  return before[daemon] === '' ? 'new' : 'changed'
}

function read(file: string, text: string): KeepalivedConfig {
  const [configId = ''] = hostname().split('.')
  return readKeepalivedConfig(file, text, { configId, include })
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
