import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { changesOf } from '../prepare/changes-of-files.ts'
import { forTerminal } from '../words.ts'
import { paintDiff, printProblems } from './print.ts'
import { readAgentConfig } from './read-config.ts'
import { readDesired } from './read-desired.ts'
import { createNodeRenderer, packagedTarget } from './render-node.ts'
import { whichNode } from './which-node.ts'

export type PlanOptions = { node?: string; from?: string; config: string; json?: boolean }

/** What PATH would change on a node: a diff per file against the live ones (or those in `from`), and what follows. */
export async function plan(path: string, options: PlanOptions): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') {
    printProblems(desired.problems)
    return 1
  }
  const config = existsSync(options.config) ? readAgentConfig(options.config) : undefined
  const which = whichNode(desired, options.node ?? config?.node)
  if (which.kind === 'none') return which.exitCode
  const node = which.node.name
  if (options.from !== undefined && !existsSync(options.from)) {
    console.error(
      `lb-agent: ${options.from} does not exist; --from takes a directory with haproxy.cfg and keepalived.conf`,
    )
    return 1
  }
  const live = {
    haproxy:
      options.from === undefined
        ? (config?.paths.haproxyConfig ?? '/etc/haproxy/haproxy.cfg')
        : join(options.from, 'haproxy.cfg'),
    keepalived:
      options.from === undefined
        ? (config?.paths.keepalivedConfig ?? '/etc/keepalived/keepalived.conf')
        : join(options.from, 'keepalived.conf'),
  }
  const before = { haproxy: readOptional(live.haproxy), keepalived: readOptional(live.keepalived) }
  // A new release id alone changes nothing: both sides carry the id that is live.
  const release = /\b[0-9a-f]{12}-[0-9a-f]{8}\b/.exec(before.haproxy)?.[0] ?? 'not-released'
  const target = packagedTarget(node, release)
  const render = createNodeRenderer(desired)
  const ofThisNode =
    config === undefined ? {} : { paths: config.paths, haproxy: config.haproxy, metrics: config.metrics }
  const rendered = render({ ...target, ...ofThisNode })
  if (rendered.kind === 'problems') {
    printProblems(rendered.problems)
    return 1
  }
  const changes = changesOf(live, before, rendered.files)
  if (options.json === true) {
    console.log(JSON.stringify({ node, changes }, undefined, 2))
    return 0
  }
  if (changes.length === 0) console.log(`nothing changes on ${node}`)
  for (const { diff } of changes) console.log(paintDiff(forTerminal(diff)))
  for (const { consequence } of changes) console.log(consequence)
  return 0
}

function readOptional(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
