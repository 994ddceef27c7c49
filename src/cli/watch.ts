import { setTimeout as sleep } from 'node:timers/promises'
import { AgentFailed } from '../serve/agent-failed.ts'
import { AgentUnreachable } from '../serve/agent-unreachable.ts'
import { age, timeOfDay } from '../time-text.ts'
import { paint } from './print.ts'

const LOOK_EVERY_MS = 1_000

/**
 * Shows what `look` gives, again and again, until nobody reads it any more. An agent that does not answer (it is just being
 * restarted) is waited for, and nothing is shown meanwhile as it was. `json`: standard output has documents only.
 */
export async function watch(look: () => Promise<string>, { json }: { json: boolean }): Promise<number> {
  let reading = true
  // `| head`: the reader has gone.
  process.stdout.on('error', () => {
    reading = false
  })
  let silentSince: number | undefined
  while (reading) {
    const seen = await lookOnce(look)
    if (seen.kind === 'seen') {
      silentSince = undefined
      show(seen.text, json)
    } else {
      const isNews = silentSince === undefined
      silentSince ??= Date.now()
      const text = silence(silentSince, seen.reason)
      if (json) {
        if (isNews) console.error(`lb-agent: ${text}`)
      } else show(`${paint('red', '▲')} ${text}`, json)
    }
    await sleep(LOOK_EVERY_MS)
  }
  return 0
}

async function lookOnce(
  look: () => Promise<string>,
): Promise<{ kind: 'seen'; text: string } | { kind: 'silent'; reason: string }> {
  try {
    return { kind: 'seen', text: await look() }
  } catch (error) {
    if (error instanceof AgentUnreachable || error instanceof AgentFailed)
      return { kind: 'silent', reason: error.message }
    throw error
  }
}

function silence(sinceMs: number, reason: string): string {
  return `no answer since ${timeOfDay(sinceMs)} (${age(Date.now() - sinceMs)}): ${reason}`
}

/** The verdict stays in sight: what is below the terminal's last row would push it off the first. */
function fitting(text: string): string {
  const lines = text.split('\n')
  const rows = (process.stdout.rows ?? lines.length + 1) - 1
  return lines.length <= rows
    ? text
    : [...lines.slice(0, rows - 1), paint('dim', `… ${lines.length - rows + 1} more lines`)].join('\n')
}

/** In place on a terminal, where what was longer before is cleared to the right and below; else one after the other. */
function show(text: string, json: boolean): void {
  if (json) process.stdout.write(`${text}\n`)
  else if (!process.stdout.isTTY) process.stdout.write(`${text}\n\n`)
  else process.stdout.write(`\u001b[H${fitting(text).replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`)
}
