import type { Finding } from '../doctor/check.ts'
import { type Deed, type Mending, stepsOf } from '../doctor/mend-all.ts'
import { sayStep } from '../doctor/verdicts/mend.ts'
import { paint, table } from './print.ts'

/** What `doctor --json` prints. `mend`: what `doctor --fix` would do, or null where it is left to a person. */
export function reportOf(node: string, findings: readonly Finding[]) {
  const checks = findings.map((finding) => ({
    ...{ family: finding.family, about: finding.about, verdict: finding.kind, why: finding.why },
    fix: finding.kind === 'ok' ? null : finding.fix,
    mend: stepsOf(finding).length === 0 ? null : stepsOf(finding).map(sayStep),
  }))
  return { format: 1, node, ok: findings.every(({ kind }) => kind !== 'problem'), checks }
}

type Step = Omit<Deed, 'outcome'> & Partial<Pick<Deed, 'outcome'>>
type Done = Pick<Mending, 'mended' | 'interrupted'> & { deeds: readonly Step[] }

/** What `doctor --fix --json` prints besides. A step without an outcome was not done. */
export function endOf({ deeds, mended, interrupted }: Done) {
  const steps = deeds.map(({ family, about, step, outcome }) => ({
    ...{ family, about, step, outcome: outcome?.kind ?? 'not done' },
    reason: outcome?.kind === 'failed' ? outcome.reason : null,
  }))
  return { steps, mended: mended.map(({ family, about }) => ({ family, about })), interrupted }
}

/** What is wrong first, with its fix; what is well in a line each, last. */
export function textOf(node: string, findings: readonly Finding[]): string {
  const good = findings.filter(({ kind }) => kind === 'ok')
  const rows = good.map(({ family, about, why }) => [paint('green', 'ok'), family, about, why])
  return [...illLines(node, findings), ...(good.length === 0 ? [] : ['', ...table(rows).split('\n')])].join('\n')
}

/** `… done` or `… failed: …` comes behind it. */
export function stepText({ family, about }: Finding, step: string): string {
  return `${family}, ${about}: ${step} … `
}

export function dryRunText(node: string, findings: readonly Finding[], todo: readonly Finding[]): string {
  const steps = todo.flatMap((finding) =>
    stepsOf(finding).map((step) => `  ${finding.family}, ${finding.about}: ${sayStep(step)}`),
  )
  const head = steps.length === 0 ? 'doctor --fix would do nothing.' : 'doctor --fix would do this:'
  return [head, ...steps, '', ...illLines(node, findings)].join('\n')
}

/** After the steps: what they mended, and what is left. */
export function mendingText(node: string, { deeds, findings, mended, interrupted }: Mending): string {
  if (interrupted) {
    return `Interrupted. ${outcomesOf(deeds)}, no other was begun; lb-agent doctor says what is left.`
  }
  return [
    ...(deeds.length === 0 ? ['There is nothing that doctor --fix mends.', ''] : ['']),
    ...mended.map(({ family, about }) => `${paint('green', 'mended')}  ${family}, ${about}`),
    ...(mended.length === 0 ? [] : ['']),
    ...illLines(node, findings),
  ].join('\n')
}

function outcomesOf(deeds: readonly Deed[]): string {
  const failed = deeds.filter(({ outcome }) => outcome.kind === 'failed').length
  const done = deeds.length - failed
  const were = (number: number): string => `${number} ${number === 1 ? 'was' : 'were'}`
  if (failed > 0 && done > 0)
    return `Of the ${deeds.length} steps above ${were(done)} done to the end and ${failed} failed`
  const steps = deeds.length === 1 ? 'The step above' : `The ${deeds.length} steps above`
  if (failed > 0) return `${steps} failed`
  return `${steps} ${deeds.length === 1 ? 'was' : 'were'} done to the end`
}

function illLines(node: string, findings: readonly Finding[]): string[] {
  const of = (kind: Finding['kind']): Finding[] => findings.filter((finding) => finding.kind === kind)
  const [problems, unknown, good] = [of('problem'), of('cannot tell'), of('ok')]
  const counts = `${count(problems.length, 'problem')}, ${unknown.length} cannot be told, ${good.length} ok`
  return [
    paint(problems.length === 0 ? 'green' : 'red', `${node}: ${counts}`),
    ...problems.flatMap((finding) => ['', ...told(finding, paint('red', 'problem'))]),
    ...(unknown.length === 0 ? [] : ['']),
    ...unknown.flatMap((finding) => told(finding, paint('yellow', 'cannot tell'))),
  ]
}

function told(finding: Finding, word: string): string[] {
  const line = `${word}  ${finding.family}, ${finding.about}: ${finding.why}`
  const steps = stepsOf(finding).map(sayStep)
  return [
    line,
    ...(finding.kind === 'ok' || finding.fix === null ? [] : [`  → ${finding.fix}`]),
    ...(steps.length === 0 ? [] : [`  → or lb-agent doctor --fix: ${steps.join('; ')}`]),
  ]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
