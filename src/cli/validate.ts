import type { Format } from '../annotate/annotation.ts'
import { checkNode, type DaemonChecks } from '../check-node.ts'
import { errorsOf } from '../rules/prove.ts'
import { hideCredentials } from '../secrets.ts'
import type { Problem } from '../spec/problem.ts'
import { createWords } from '../words.ts'
import { findingAnnotations, printAnnotations, problemAnnotations } from './annotations.ts'
import { printProblems, table } from './print.ts'
import { jsonOfFindings, printFindings } from './print-proof.ts'
import { proofOfDesired } from './proof-of-desired.ts'
import { readDesired } from './read-desired.ts'
import { createNodeRenderer, packagedTarget } from './render-node.ts'

export type ValidateOptions = { format: Format; json?: boolean }

/** Parses, proves, renders every node, and lets the daemons themselves read each file. 0 = good, 1 = problems. */
export async function validate(path: string, options: ValidateOptions): Promise<number> {
  const format: Format = options.json === true ? 'json' : options.format
  const isText = format === 'text'
  const desired = readDesired(path)
  const proven = desired.kind === 'problems' ? desired : proofOfDesired(desired)
  if (desired.kind === 'problems' || proven.kind === 'problems') {
    const problems = desired.kind === 'problems' ? desired.problems : proven.kind === 'problems' ? proven.problems : []
    if (isText) printProblems(problems)
    else printAnnotations(format, problemAnnotations(problems), { ok: false, problems, findings: [], nodes: [] })
    return 1
  }
  const { findings } = proven.proof
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
    if (process.stderr.isTTY && isText) process.stderr.write(`\rchecking ${node.name} …\u001b[K`)
    const found = await checkNode(node, (paths) => {
      const target = packagedTarget(node.name, '')
      return render({ ...target, paths: { ...target.paths, ...paths } })
    })
    nodes.push({ node: node.name, checks: words(found) })
  }
  if (process.stderr.isTTY && isText) process.stderr.write('\r\u001b[K')

  const problems = nodes.flatMap(({ checks }) => checks.problems)
  const refused = nodes.some(({ checks }) => checks.haproxy.kind === 'refused' || checks.keepalived.kind === 'refused')
  const ok = problems.length === 0 && !refused && errorsOf(proven.proof).length === 0
  if (!isText) {
    const annotations = [
      ...problemAnnotations([...problems, ...refusals(nodes, desired.file)]),
      ...findingAnnotations(findings),
    ]
    printAnnotations(format, annotations, { ok, problems, ...jsonOfFindings(findings), nodes })
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
  console.log('')
  printFindings(findings)
  console.log(ok ? `\n${desired.file} is valid` : `\n${desired.file} has problems`)
  return ok ? 0 : 1
}

/** What a daemon refuses has its line in a rendered file, which is in no repository. */
function refusals(nodes: readonly { node: string; checks: DaemonChecks }[], file: string): Problem[] {
  return nodes.flatMap(({ node, checks }) =>
    (['haproxy', 'keepalived'] as const).flatMap((daemon) => {
      const check = checks[daemon]
      if (check.kind !== 'refused') return []
      return [{ file, line: 0, col: 0, message: `${node}: ${daemon} refuses its file: ${check.output}` }]
    }),
  )
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
