import { cleanText } from '../clean-text.ts'
import type { Examined } from './examined.ts'
import { cannotTell, type Verdict } from './verdicts/verdict.ts'

/** One look at this node. It tells of one or more subjects, by name; none where there is nothing to look at. */
export type Check = {
  family: string
  /** What is not told when the look itself fails. */
  name: string
  /** Default: `LOOKS_WITHIN_MS`. */
  withinMs?: number
  look(node: Examined, signal: AbortSignal): Promise<Readonly<Record<string, Verdict>>>
}

export type Finding = { family: string; about: string } & Verdict

const LOOKS_WITHIN_MS = 5_000
const MAX_TEXT = 600

/**
 * All checks side by side, each with a deadline of its own; findings in the order of `checks`. Never throws; `signal` ends all
 * looks at once, which then cannot tell.
 */
export async function examine(node: Examined, checks: readonly Check[], signal?: AbortSignal): Promise<Finding[]> {
  return (await Promise.all(checks.map((check) => lookOnce(node, check, signal)))).flat()
}

async function lookOnce(node: Examined, check: Check, signal: AbortSignal | undefined): Promise<Finding[]> {
  const { family, name, withinMs = LOOKS_WITHIN_MS } = check
  const deadline = new AbortController()
  const { promise: late, resolve } = Promise.withResolvers<Record<string, Verdict>>()
  const end = (why: string): void => {
    deadline.abort()
    resolve({ [name]: cannotTell(why) })
  }
  const interrupt = (): void => end('The look was interrupted.')
  const timer = setTimeout(() => end(`Nothing was seen within ${withinMs / 1000} s.`), withinMs)
  signal?.addEventListener('abort', interrupt)
  if (signal?.aborted === true) interrupt()
  // A look that fails at once fails in its turn.
  const look = Promise.resolve()
    .then(() => check.look(node, deadline.signal))
    .catch((error: Error) => ({ [name]: cannotTell(`The look failed: ${error.message}.`) }))
  const told = await Promise.race([look, late])
  clearTimeout(timer)
  signal?.removeEventListener('abort', interrupt)
  return Object.entries(told).map(([about, verdict]) => ({ family, about, ...clean(verdict) }))
}

/** Words of other programs are in it. */
function clean(verdict: Verdict): Verdict {
  const why = cleanText(verdict.why, MAX_TEXT)
  if (verdict.kind === 'ok') return { kind: 'ok', why }
  const fix = verdict.fix === null ? null : cleanText(verdict.fix, MAX_TEXT)
  return verdict.kind === 'problem' ? { ...verdict, why, fix: fix ?? '' } : { kind: 'cannot tell', why, fix }
}
