import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../write-file.ts'
import { printProblems } from './print.ts'
import { readDesired } from './read-desired.ts'
import { createNodeRenderer, packagedTarget, whyNoNode } from './render-node.ts'

/** Writes the two files of one node into a directory, or prints them. */
export async function render(path: string, options: { node: string; out?: string }): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') {
    printProblems(desired.problems)
    return 1
  }
  const unknown = whyNoNode(desired, options.node)
  if (unknown !== undefined) {
    console.error(`lb-agent: ${unknown}`)
    return 1
  }
  const rendered = createNodeRenderer(desired)(packagedTarget(options.node, 'not-released'))
  if (rendered.kind === 'problems') {
    printProblems(rendered.problems)
    return 1
  }
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
