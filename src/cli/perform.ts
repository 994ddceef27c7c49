import { takeLock } from '../apply/lock.ts'
import type { Obstacle, Step } from '../install/options.ts'
import { forTerminal } from '../words.ts'
import { askYesNo } from './ask.ts'
import { interruption } from './interruption.ts'
import { paint, paintDiff } from './print.ts'

export type PerformOptions = { yes?: boolean; dryRun?: boolean; json?: boolean }

/** Steps that were done, in their order. */
export type Did = readonly { what: string; note: string | null }[]

/** How a list of steps ended. `during`: the step that was interrupted; undefined between two. */
export type Performed = { kind: 'done'; did: Did } | Undone

type Undone =
  | { kind: 'only shown' | 'declined'; did: Did }
  | { kind: 'interrupted'; did: Did; during: string | undefined }
  | { kind: 'failed'; did: Did; obstacle: Obstacle }

/** One at a time: both work with the same files and units. */
const LOCK = '/run/lb-agent-install.lock'
const IS_RUNNING = 75
const IS_INTERRUPTED = 130

/** Runs `work` as root and as the only one that changes this host; or says what is in the way. Ctrl-C gives 130. */
export async function changeHost(
  verb: 'install' | 'uninstall',
  options: PerformOptions,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const refuse = (why: string, code: number): number => {
    console.error(`lb-agent: ${why}; nothing was changed`)
    return code
  }
  const unasked = whyNobodySaysYes(options)
  if (unasked !== undefined) return refuse(unasked, 2)
  if (process.getuid?.() !== 0) return refuse(`${verb} changes this host: run it as root, or with sudo`, 2)
  const lock = takeLock(LOCK)
  if (lock.kind === 'busy')
    return refuse(`another lb-agent install or uninstall runs here (process ${lock.holder})`, IS_RUNNING)
  const signal = interruption()
  try {
    const code = await work(signal)
    return signal.aborted ? IS_INTERRUPTED : code
  } finally {
    lock.release()
  }
}

/** Why steps cannot be begun: nobody can be asked. */
function whyNobodySaysYes({ yes, dryRun, json }: PerformOptions): string | undefined {
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
    return signal.aborted ? { kind: 'interrupted', did, during: undefined } : { kind: 'declined', did }
  for (const step of steps) {
    if (signal.aborted) return { kind: 'interrupted', did, during: undefined }
    const result = await step.perform(signal)
    const what = forTerminal(step.what)
    if (result.kind === 'failed') {
      if (signal.aborted) return { kind: 'interrupted', did, during: what }
      say(`${paint('red', 'failed')}  ${what}`)
      return { kind: 'failed', did, obstacle: result.obstacle }
    }
    did.push({ what: step.what, note: result.note ?? null })
    say(
      `${paint('green', 'ok    ')}  ${what}${result.note === undefined ? '' : `\n        ${forTerminal(result.note)}`}`,
    )
  }
  return { kind: 'done', did }
}

/** What still holds, where not all of it was done. */
export function printUndone(performed: Undone): void {
  const { did } = performed
  const goesOn =
    did.length === 0 ? 'nothing was changed' : 'what stands above with ok is done, and stays; run it again to go on'
  switch (performed.kind) {
    case 'only shown':
    case 'declined':
      console.log('nothing was changed')
      return
    case 'interrupted':
      if (performed.during === undefined) console.log(`interrupted: ${goesOn}`)
      else console.log(`interrupted during: ${performed.during}. ${AFTER_HALF_A_STEP}`)
      return
    case 'failed':
      printObstacles([performed.obstacle])
      console.log(goesOn)
      return
    default:
      performed satisfies never
  }
}

const AFTER_HALF_A_STEP = 'Each step may be done again: run it again to go on'

export function printObstacles(obstacles: readonly Obstacle[]): void {
  for (const { what, fix } of obstacles) {
    console.log(`${paint('red', 'problem')}  ${forTerminal(what)}`)
    console.log(`  → ${forTerminal(fix)}`)
  }
}

/** `ok`: whether a program may take it for done. */
export function isWell(performed: Performed | undefined): boolean {
  return performed === undefined || performed.kind === 'done' || performed.kind === 'only shown'
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')
}
