import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../write-file.ts'
import { readDesired } from './read-desired.ts'
import { refuse, refuseFor } from './refuse.ts'
import { createNodeRenderer, packagedTarget, whyNoNode } from './render-node.ts'

/** Writes the two files of one node into a directory, or prints them. */
export async function render(path: string, options: { node: string; out?: string }): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') return refuseFor(desired.problems)
  const unknown = whyNoNode(desired, options.node)
  if (unknown !== undefined) return refuse(unknown, { code: 1 })
  const rendered = createNodeRenderer(desired)(packagedTarget(options.node, 'not-released'))
  if (rendered.kind === 'problems') return refuseFor(rendered.problems)
  if (options.out === undefined) {
    process.stdout.write(`${rendered.files.haproxy}\n${rendered.files.keepalived}`)
    return 0
  }
  // One level only: a typing mistake should not grow a tree of directories.
  if (!existsSync(options.out)) mkdirSync(options.out)
  await writeDurably(join(options.out, 'haproxy.cfg'), rendered.files.haproxy, 0o644)
  await writeDurably(join(options.out, 'keepalived.conf'), rendered.files.keepalived, 0o644)
  console.log(
    `wrote ${join(options.out, 'haproxy.cfg')} and ${join(options.out, 'keepalived.conf')} for ${options.node}`,
  )
  return 0
}
