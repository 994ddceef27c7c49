import { takeoverTexts } from '../proof/takeover-text.ts'
import { formatPlace, type RuleFinding } from '../rules/finding.ts'
import type { Proof } from '../rules/prove.ts'
import { forTerminal } from '../words.ts'
import { paint, table } from './print.ts'

/** The takeover table, then what stands against it. */
export function printProof(proof: Proof, print: Print = console.log): void {
  printTakeovers(proof, print)
  printFindings(proof.findings, print)
}

/** Prints a line, or several. */
export type Print = (text: string) => void

export function printTakeovers({ table: vips }: Pick<Proof, 'table'>, print: Print = console.log): void {
  for (const { title, rows, bounds } of takeoverTexts(vips)) {
    print(paint('bold', forTerminal(title)))
    const [head = [], ...body] = rows
    print(indented(table([head, ...body.map((cells) => cells.map((cell, at) => (at === 0 ? cell : coloured(cell))))])))
    if (bounds.length > 0) print(paint('dim', indented(['worst cases:', ...bounds].join('\n'))))
    print('')
  }
  if (vips.length > 0) print(paint('dim', `${ON_TOP}\n`))
}

const ON_TOP =
  'Times are those of VRRP and of the checks. What keepalived and the kernel need comes on top: some ms on idle machines.'

function coloured(cell: string): string {
  return /NOT SERVED|NONE|TWO|NODES/.test(cell) ? paint('red', forTerminal(cell)) : forTerminal(cell)
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

const STYLES = { error: 'red', warning: 'yellow', note: 'dim' } as const

export function printFindings(findings: readonly RuleFinding[], print: Print = console.log): void {
  for (const { rule, severity, places, message, fix, accepted } of findings) {
    const where = places.map(formatPlace).join(', ')
    const word = accepted === undefined ? severity : 'accepted'
    const style = accepted === undefined ? STYLES[severity] : 'dim'
    print(`${paint(style, word)} ${rule}  ${forTerminal(`${message} (${where})`)}`)
    print(forTerminal(accepted === undefined ? `  → ${fix}` : `  accepted: ${accepted}`))
  }
  print(`${findings.length === 0 ? '' : '\n'}${counted(findings)}`)
}

/** `2 errors, 1 warning, 0 notes, 1 accepted`. */
function counted(findings: readonly RuleFinding[]): string {
  const count = (severity: RuleFinding['severity']): number =>
    findings.filter((found) => found.accepted === undefined && found.severity === severity).length
  const accepted = findings.filter((found) => found.accepted !== undefined).length
  const told = (['error', 'warning', 'note'] as const).map((severity) => {
    const number = count(severity)
    return `${number} ${severity}${number === 1 ? '' : 's'}`
  })
  return [...told, ...(accepted === 0 ? [] : [`${accepted} accepted`])].join(', ')
}

/** In `--json`. */
export function jsonOfFindings(findings: readonly RuleFinding[]): { findings: object[] } {
  return { findings: findings.map((found) => ({ ...found, accepted: found.accepted ?? null })) }
}
