import type { Obstacle, Step } from '../install/options.ts'
import { forTerminal } from '../words.ts'
import { askYesNo } from './ask.ts'
import { paint, paintDiff } from './print.ts'

export type PerformOptions = { yes?: boolean; dryRun?: boolean; json?: boolean }

/** How a list of steps ended. `rest`: those that were not done. */
export type Performed =
  | { kind: 'done'; did: readonly { what: string; note: string | null }[] }
  | { kind: 'only shown' | 'declined' | 'interrupted'; did: readonly { what: string; note: string | null }[] }
  | { kind: 'failed'; did: readonly { what: string; note: string | null }[]; obstacle: Obstacle }

/** Why steps cannot be begun: nobody can be asked. */
export function whyNobodySaysYes({ yes, dryRun, json }: PerformOptions): string | undefined {
  if (yes === true || dryRun === true) return undefined
  if (json === true) return '--json asks nobody: add --yes, or --dry-run'
  if (process.stdin.isTTY !== true) return 'this is no terminal, so nobody can be asked: add --yes, or --dry-run'
  return undefined
}

/** Shows the steps, asks, and does them one after the other; a failed one is the last. */
export async function performSteps(
  steps: readonly Step[],
  options: PerformOptions,
  signal: AbortSignal,
): Promise<Performed> {
  const say = (text: string): void => {
    if (options.json !== true) console.log(text)
  }
  say(options.dryRun === true ? 'would:' : 'will:')
  for (const { what, shows } of steps) {
    say(`  - ${forTerminal(what)}`)
    if (shows !== undefined) say(indent(paintDiff(forTerminal(shows).trimEnd())))
  }
  const did: { what: string; note: string | null }[] = []
  if (options.dryRun === true) return { kind: 'only shown', did }
  if (options.yes !== true && !(await askYesNo('Go on?', signal)))
    return { kind: signal.aborted ? 'interrupted' : 'declined', did }
  for (const step of steps) {
    if (signal.aborted) return { kind: 'interrupted', did }
    const result = await step.perform(signal)
    if (result.kind === 'failed') {
      say(`${paint('red', 'failed')}  ${forTerminal(step.what)}`)
      return { kind: 'failed', did, obstacle: result.obstacle }
    }
    did.push({ what: step.what, note: result.note ?? null })
    say(
      `${paint('green', 'ok    ')}  ${forTerminal(step.what)}${result.note === undefined ? '' : `\n        ${forTerminal(result.note)}`}`,
    )
  }
  return { kind: 'done', did }
}

export function printObstacles(obstacles: readonly Obstacle[]): void {
  for (const { what, fix } of obstacles) {
    console.log(`${paint('red', 'problem')}  ${forTerminal(what)}`)
    console.log(`  → ${forTerminal(fix)}`)
  }
}

/** Ctrl-C ends between two steps, and what a step has begun with it. */
export function interruptible(): AbortSignal {
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort())
  return ending.signal
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')
}
