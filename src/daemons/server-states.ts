import { writeDurably } from '../write-file.ts'
import { ask } from './haproxy-socket.ts'

/** A valid file that knows no server; without one HAProxy warns at every start. */
const NOTHING_KNOWN = '1\n'
const ANSWER_WITHIN_MS = 1_000
const MODE = 0o644

/**
 * Hands the server states of the running worker to the next one (`load-server-state-from-file`), which would otherwise
 * believe every server up until its checks have failed.
 */
export async function keepServerStates(statsSocket: string, file: string): Promise<void> {
  const answer = await ask(statsSocket, 'show servers state', ANSWER_WITHIN_MS)
  const states =
    answer.kind === 'answer' && answer.text.startsWith('1\n') ? `${answer.text.trimEnd()}\n` : NOTHING_KNOWN
  await writeDurably(file, states, MODE)
}

/** To be called once the new worker runs: states of today must not be believed after a start tomorrow. */
export async function clearServerStates(file: string): Promise<void> {
  await writeDurably(file, NOTHING_KNOWN, MODE)
}
