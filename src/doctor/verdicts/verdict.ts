import type { MendStep } from './mend.ts'

/**
 * What one check found. `why`: a whole sentence, with what was looked at. `fix`: what to type or to change; for `cannot tell`,
 * what would let it be told. `mend`: there only where `doctor --fix` may do it by itself (`MendStep`).
 */
export type Verdict =
  | { kind: 'ok'; why: string }
  | { kind: 'problem'; why: string; fix: string; mend?: readonly MendStep[] }
  | { kind: 'cannot tell'; why: string; fix: string | null }

export function ok(why: string): Verdict {
  return { kind: 'ok', why }
}

/** Without steps in `mend` it is left to a person. */
export function problem(why: string, fix: string, mend: readonly MendStep[] = []): Verdict {
  return { kind: 'problem', why, fix, ...(mend.length === 0 ? {} : { mend }) }
}

export function cannotTell(why: string, fix: string | null = null): Verdict {
  return { kind: 'cannot tell', why, fix }
}

/** What to do about most of what only root may see. */
export const AS_ROOT = 'run lb-agent doctor as root'
