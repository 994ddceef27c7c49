import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { type Attempt, summarize } from './statistics.ts'

export type Target = { name: string; address: string; port: number }
export type LabClientOptions = { targets: readonly Target[]; everyMs: number }

const DEADLINE_MS = 1_000
const LINGER_MS = 500
const REQUEST = 'GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n'
/** After a pause of this process it does not send what it missed in one burst. */
const MAX_BURST = 5
const REPORT_POLL_MS = 10
/** Half an hour at 4 ms. */
const MAX_ATTEMPTS = 450_000

/**
 * The client of the lab: a new connection to each target every `everyMs`, on a schedule that does not wait for answers.
 * Commands come as JSON lines: `{"cmd":"mark"}` begins a window, `{"cmd":"report"}` answers what was seen since.
 */
export function runLabClient(json: string): void {
  const options: LabClientOptions = JSON.parse(json)
  const attempts = new Map(options.targets.map(({ name }) => [name, [] as Attempt[]]))
  const pending = new Set<Attempt>()
  let markedAt = performance.now()

  let due = performance.now()
  const tick = (): void => {
    const now = performance.now()
    if (now - due > MAX_BURST * options.everyMs) due = now
    for (; due <= now; due += options.everyMs) {
      for (const target of options.targets) {
        const record = attempt(target, () => pending.delete(record))
        pending.add(record)
        keep(attempts.get(target.name) ?? [], record)
      }
    }
    setTimeout(tick, Math.max(1, due - performance.now()))
  }
  tick()

  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const { cmd } = JSON.parse(line)
    if (cmd === 'mark') {
      markedAt = performance.now()
      for (const list of attempts.values()) list.length = 0
      process.stdout.write('{}\n')
      return
    }
    const from = markedAt
    const until = performance.now()
    const answer = (): void => {
      // What was sent before the question first gets its answer or misses its deadline.
      for (const { startedAt } of pending) {
        if (startedAt > until) break
        setTimeout(answer, REPORT_POLL_MS)
        return
      }
      const windows = [...attempts].map(([name, list]) => [
        name,
        summarize(
          list.filter(({ startedAt }) => startedAt <= until),
          from,
          until,
        ),
      ])
      process.stdout.write(`${JSON.stringify(Object.fromEntries(windows))}\n`)
    }
    answer()
  })
  lines.on('close', () => process.exit(0))
}

/** Of a window that nobody asks about for very long, the older half is forgotten. */
function keep(list: Attempt[], record: Attempt): void {
  if (list.length >= MAX_ATTEMPTS) list.splice(0, MAX_ATTEMPTS / 2)
  list.push(record)
}

function attempt(target: Target, onSettled: () => void): Attempt {
  const record: Attempt = {
    startedAt: performance.now(),
    endedAt: undefined,
    failure: 'no answer within 1 s',
    server: undefined,
  }
  const socket = connect({ host: target.address, port: target.port, noDelay: true })
  let text = ''
  let settled = false
  let lingering: NodeJS.Timeout | undefined
  const settle = (failure: string | undefined): void => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    record.endedAt = performance.now()
    record.failure = failure
    if (failure === undefined) {
      // The server closes first (`Connection: close`), so that TIME_WAIT is not on this side, which would run out of ports.
      lingering = setTimeout(() => socket.resetAndDestroy(), LINGER_MS)
    } else if (socket.connecting) {
      // A reset would wait for the connection first, and go on sending SYNs to a dead address.
      socket.destroy()
    } else socket.resetAndDestroy()
    onSettled()
  }
  const timer = setTimeout(() => settle('no answer within 1 s'), DEADLINE_MS)
  socket.setEncoding('latin1')
  socket.on('connect', () => socket.write(REQUEST))
  socket.on('data', (chunk: string) => {
    text += chunk
    const name = /\{"server":"([^"]+)".*\}/.exec(text)?.[1]
    if (name === undefined) return
    record.server = name
    settle(text.startsWith('HTTP/1.1 200') ? undefined : `status ${text.slice(9, 12)}`)
  })
  socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
  socket.on('end', () => settle('closed without an answer'))
  socket.on('close', () => clearTimeout(lingering))
  return record
}
