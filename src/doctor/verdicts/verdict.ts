/**
 * What one check found. `why`: a whole sentence, with what was looked at. `fix`: what to type or to change; for `cannot tell`,
 * what would let it be told.
 */
export type Verdict =
  | { kind: 'ok'; why: string }
  | { kind: 'problem'; why: string; fix: string }
  | { kind: 'cannot tell'; why: string; fix: string | null }

export function ok(why: string): Verdict {
  return { kind: 'ok', why }
}

export function problem(why: string, fix: string): Verdict {
  return { kind: 'problem', why, fix }
}

export function cannotTell(why: string, fix: string | null = null): Verdict {
  return { kind: 'cannot tell', why, fix }
}

/** What to do about most of what only root may see. */
export const AS_ROOT = 'run lb-agent doctor as root'
