import { createInterface } from 'node:readline/promises'

/** Asks a person at a terminal; `no` for everything but a yes. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^\s*y(?:es)?\s*$/i.test(await lines.question(`${question} [y/N] `, { signal }))
  } catch {
    return false
  } finally {
    lines.close()
  }
}
