import { basename } from 'node:path'
import type { Change } from '../prepare/changes-of-files.ts'
import type { Consequence } from '../proof/consequences.ts'
import { errorsOf, type Proof } from '../rules/prove.ts'
import { forTerminal } from '../words.ts'
import { paint, paintDiff } from './print.ts'
import { printFindings, printTakeovers } from './print-proof.ts'

type Plan = {
  node: string
  /** What the plan takes for so where a file is not there. */
  note: string | undefined
  changes: readonly Change[]
  consequences: readonly { kind: Consequence['kind']; text: string }[]
  proof: Proof
  showsDiff: boolean
}

/** In a line what changes, what follows, the diffs, who takes over then, and last what stands against it. */
export function printPlan({ node, note, changes, consequences, proof, showsDiff }: Plan): void {
  console.log(forTerminal(summary(node, changes)))
  if (note !== undefined) console.log(paint('yellow', forTerminal(note)))
  for (const { kind, text } of changes.length === 0 ? [] : consequences)
    console.log(paint(MOVES.has(kind) ? 'yellow' : 'bold', forTerminal(text)))
  if (showsDiff) for (const { diff } of changes) console.log(`\n${paintDiff(forTerminal(diff)).trimEnd()}`)
  console.log(`\n${paint('bold', 'once all nodes have it:')}`)
  printTakeovers(proof)
  printFindings(proof.findings)
  const verdict = verdictOf(proof)
  if (verdict !== undefined) console.log(`\n${paint('red', verdict)}`)
}

/** What a client may notice, or who is on call. */
const MOVES: ReadonlySet<string> = new Set<Consequence['kind']>([
  'vip leaves and returns',
  'vip moves',
  'vip goes',
  'nodes apart',
  'restart needed',
])

/** `on lb1: haproxy.cfg +12 -3 lines, keepalived.conf +40 -0 lines`. */
function summary(node: string, changes: readonly Change[]): string {
  if (changes.length === 0) return `nothing changes on ${node}`
  const told = changes.map(({ file, added, removed }) => `${basename(file)} +${added} -${removed} lines`)
  return `on ${node}: ${told.join(', ')}`
}

/** What the agents make of errors, in stage `prove`; undefined: nothing. */
function verdictOf(proof: Proof): string | undefined {
  const errors = errorsOf(proof)
  if (errors.length === 0) return undefined
  if (errors.some(({ rule }) => rule === 'KEEPALIVED'))
    return 'the agents could not prove this revision, and would leave it to keepalived -t on each node'
  return 'the agents would reject this revision, and go on with what they run'
}
