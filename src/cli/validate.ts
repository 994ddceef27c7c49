import { checkNode, type DaemonChecks } from '../check-node.ts'
import { hideCredentials } from '../secrets.ts'
import { createWords } from '../words.ts'
import { printProblems, table } from './print.ts'
import { readDesired } from './read-desired.ts'
import { createNodeRenderer, packagedTarget } from './render-node.ts'

/** Parses, renders every node, and lets the daemons themselves read each file. 0 = good, 1 = problems. */
export async function validate(path: string, options: { json?: boolean }): Promise<number> {
  const desired = readDesired(path)
  if (desired.kind === 'problems') {
    if (options.json === true)
      console.log(JSON.stringify({ ok: false, problems: desired.problems, nodes: [] }, undefined, 2))
    else printProblems(desired.problems)
    return 1
  }
  const render = createNodeRenderer(desired)
  // A log of a CI is read by many.
  const words = createWords(hideCredentials)
  const nodes: { node: string; checks: DaemonChecks }[] = []
  // A node's namespace is removed before this ends.
  let interrupted = false
  process.once('SIGINT', () => {
    interrupted = true
  })
  for (const node of desired.spec.nodes) {
    if (interrupted) return 130
    if (process.stderr.isTTY && options.json !== true) process.stderr.write(`\rchecking ${node.name} …\u001b[K`)
    const found = await checkNode(node, (paths) => {
      const target = packagedTarget(node.name, '')
      return render({ ...target, paths: { ...target.paths, ...paths } })
    })
    nodes.push({ node: node.name, checks: words(found) })
  }
  if (process.stderr.isTTY && options.json !== true) process.stderr.write('\r\u001b[K')

  const problems = nodes.flatMap(({ checks }) => checks.problems)
  const refused = nodes.some(({ checks }) => checks.haproxy.kind === 'refused' || checks.keepalived.kind === 'refused')
  const ok = problems.length === 0 && !refused
  if (options.json === true) {
    console.log(JSON.stringify({ ok, problems, nodes }, undefined, 2))
    return ok ? 0 : 1
  }
  if (problems.length > 0) printProblems(problems)
  console.log(
    table([
      ['node', 'haproxy -c', 'keepalived -t'],
      ...nodes.map(({ node, checks }) => [node, word(checks.haproxy), word(checks.keepalived)]),
    ]),
  )
  for (const { node, checks } of nodes) {
    for (const [daemon, check] of [
      ['haproxy', checks.haproxy],
      ['keepalived', checks.keepalived],
    ] as const) {
      if (check.kind === 'refused')
        console.log(`\n${node}: ${daemon} refuses its file:\n  ${check.output.replaceAll('\n', '\n  ')}`)
    }
  }
  const unchecked = new Set(
    nodes
      .flatMap(({ checks }) => [checks.haproxy, checks.keepalived])
      .flatMap((check) => (check.kind === 'cannot' ? [check.reason] : [])),
  )
  for (const reason of unchecked) console.log(`\nnot checked: ${reason}`)
  console.log(ok ? `\n${desired.file} is valid` : `\n${desired.file} has problems`)
  return ok ? 0 : 1
}

function word(check: DaemonChecks['haproxy']): string {
  switch (check.kind) {
    case 'passed':
      return 'accepts'
    case 'refused':
      return 'REFUSES'
    case 'cannot':
      return 'not checked'
    default:
      return check satisfies never
  }
}
