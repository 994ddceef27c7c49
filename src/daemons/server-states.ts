import { readFile } from 'node:fs/promises'
import { writeDurably } from '../write-file.ts'
import { ask } from './haproxy-socket.ts'

/** A valid file that knows no server; without one HAProxy warns at every start. */
const NOTHING_KNOWN = '1\n'
const ANSWER_WITHIN_MS = 1_000
const MODE = 0o644

/**
 * Hands the server states of the running worker to the next one (`load-server-state-from-file`), which would otherwise
 * believe every server up until its checks have failed. `haproxyConfig`: the file that the next one will read.
 */
export async function keepServerStates(statsSocket: string, haproxyConfig: string, file: string): Promise<void> {
  const answer = await ask(statsSocket, 'show servers state', ANSWER_WITHIN_MS)
  const config = await readFile(haproxyConfig, 'utf8')
  const states = answer.kind === 'answer' ? statesFor(config, answer.text) : NOTHING_KNOWN
  await writeDurably(file, states, MODE)
}

/** To be called once the new worker runs: states of today must not be believed after a start tomorrow. */
export async function clearServerStates(file: string): Promise<void> {
  await writeDurably(file, NOTHING_KNOWN, MODE)
}

/**
 * Of what `show servers state` printed, the servers that are where they were. A state brings its server's port along,
 * which HAProxy takes instead of the one in its file (2.6.12, measured), and what was true at one address says nothing
 * of another.
 */
export function statesFor(config: string, states: string): string {
  if (!states.startsWith('1\n')) return NOTHING_KNOWN
  const known = serversOf(config)
  const lines = states.trimEnd().split('\n')
  return `${lines.filter((line, index) => index === 0 || line.startsWith('#') || known.has(placeOf(line))).join('\n')}\n`
}

/** Columns of management.txt §9.3, "show servers state": be_name, srv_name, srv_addr and srv_port. */
function placeOf(line: string): string {
  const columns = line.split(' ')
  return [columns[1], columns[3], columns[4], columns[18]].join(' ')
}

/** `BACKEND NAME ADDRESS PORT` of every server in a haproxy.cfg. */
function serversOf(config: string): Set<string> {
  const found = new Set<string>()
  let section = ''
  for (const line of config.split('\n')) {
    const [word = '', name = '', endpoint = ''] = line.trim().split(/\s+/)
    if (/^\S/.test(line) && !line.startsWith('#')) section = word === 'backend' || word === 'listen' ? name : ''
    const place = /^\[?([^\]]+?)\]?:(\d+)$/.exec(endpoint)
    if (word === 'server' && place !== null) found.add([section, name, place[1], place[2]].join(' '))
  }
  return found
}
