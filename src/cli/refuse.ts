import type { Problem } from '../spec/problem.ts'
import { printProblems } from './print.ts'

/**
 * Says why a verb did nothing: as a sentence on standard error, or with `json` as a document on standard output, where programs look
 * for one. `ok` and `problems` are in what the verb prints otherwise too; no file is at fault here, so that there are none.
 * Gives the exit code, which is 2 (usage) unless another one is named.
 */
export function refuse(why: string, { json, code = 2 }: { json?: boolean | undefined; code?: 1 | 2 | 3 } = {}): number {
  if (json === true) console.log(JSON.stringify({ ok: false, why, problems: [] }, undefined, 2))
  else console.error(`lb-agent: ${why}`)
  return code
}

/** The same where files are at fault; problems found, exit code 1. */
export function refuseFor(problems: readonly Problem[], { json }: { json?: boolean | undefined } = {}): 1 {
  if (json === true) console.log(JSON.stringify({ ok: false, problems }, undefined, 2))
  else printProblems(problems)
  return 1
}
