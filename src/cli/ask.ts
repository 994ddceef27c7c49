import { createInterface } from 'node:readline/promises'

/** Asks a person at a terminal; `no` for everything but a yes. Ctrl-C is a SIGINT of this process, Ctrl-D a no. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const closed = new AbortController()
  // While it asks, the terminal gives both to readline, which answers nothing then.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  lines.on('close', () => closed.abort())
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: AbortSignal.any([signal, closed.signal]) })
    return /^\s*y(?:es)?\s*$/i.test(answer)
  } catch {
    console.log()
    return false
  } finally {
    lines.close()
  }
}
