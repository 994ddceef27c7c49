import { examine, type Finding } from '../doctor/check.ts'
import { examinedNode } from '../doctor/examined.ts'
import { CHECKS } from '../doctor/table.ts'
import { paint, table } from './print.ts'
import { readAgentConfig } from './read-config.ts'

/** Looks at this node and prints what it found. 0 = no problem, 1 = at least one. What cannot be told is no problem. */
export async function doctor(options: { config: string; json?: boolean }): Promise<number> {
  const config = readAgentConfig(options.config)
  const findings = await examine(await examinedNode(config), CHECKS)
  const problems = findings.filter(({ kind }) => kind === 'problem')
  if (options.json === true) console.log(JSON.stringify(reportOf(config.node, findings), undefined, 2))
  else console.log(textOf(config.node, findings))
  return problems.length === 0 ? 0 : 1
}

function reportOf(node: string, findings: readonly Finding[]) {
  const checks = findings.map(({ family, about, ...verdict }) => ({
    ...{ family, about, verdict: verdict.kind, why: verdict.why },
    fix: verdict.kind === 'ok' ? null : verdict.fix,
  }))
  return { format: 1, node, ok: findings.every(({ kind }) => kind !== 'problem'), checks }
}

/** What is wrong first, with its fix; what is well in a line each, last. */
function textOf(node: string, findings: readonly Finding[]): string {
  const of = (kind: Finding['kind']): Finding[] => findings.filter((finding) => finding.kind === kind)
  const [problems, unknown, good] = [of('problem'), of('cannot tell'), of('ok')]
  const counts = `${count(problems.length, 'problem')}, ${unknown.length} cannot be told, ${good.length} ok`
  return [
    paint(problems.length === 0 ? 'green' : 'red', `${node}: ${counts}`),
    ...problems.flatMap((finding) => ['', ...told(finding, paint('red', 'problem'))]),
    ...(unknown.length === 0 ? [] : ['']),
    ...unknown.flatMap((finding) => told(finding, paint('yellow', 'cannot tell'))),
    ...(good.length === 0 ? [] : ['']),
    ...table(good.map(({ family, about, why }) => [paint('green', 'ok'), family, about, why])).split('\n'),
  ].join('\n')
}

function told(finding: Finding, word: string): string[] {
  const line = `${word}  ${finding.family}, ${finding.about}: ${finding.why}`
  return finding.kind === 'ok' || finding.fix === null ? [line] : [line, `  → ${finding.fix}`]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
