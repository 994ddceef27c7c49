import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type Attempt, summarize, TOO_LATE } from './statistics.ts'

export type Target = { name: string; address: string; port: number }
export type LabClientOptions = { targets: readonly Target[]; everyMs: number }

const DEADLINE_MS = 1_000
const LINGER_MS = 500
const NAME = '{"server":"'
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
  const deadlines = createDeadlines()
  let markedAt = performance.now()

  let due = performance.now()
  const tick = (): void => {
    const now = performance.now()
    deadlines.expire(now)
    if (now - due > MAX_BURST * options.everyMs) due = now
    for (; due <= now; due += options.everyMs) {
      for (const target of options.targets) keep(attempts.get(target.name) ?? [], attempt(target, deadlines))
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
      if (deadlines.oldest() <= until) {
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

type Open = { startedAt: number; isSettled(): boolean; giveUp(): void }

/**
 * Deadlines of all attempts and the time that a connection may linger, looked at by the one timer that also sends: two
 * timers for each connection would cost more than the connection's own work here.
 */
type Deadlines = {
  add(open: Open): void
  linger(socket: Socket, now: number): void
  expire(now: number): void
  /** When the oldest attempt without an answer began; Infinity when there is none. */
  oldest(): number
}

function createDeadlines(): Deadlines {
  const open = createQueue<Open>()
  const lingering = createQueue<{ socket: Socket; since: number }>()
  const skipSettled = (): Open | undefined => {
    while (open.first()?.isSettled() === true) open.drop()
    return open.first()
  }
  return {
    add: open.add,
    linger: (socket, since) => lingering.add({ socket, since }),
    expire: (now) => {
      for (
        let first = skipSettled();
        first !== undefined && now - first.startedAt >= DEADLINE_MS;
        first = skipSettled()
      ) {
        first.giveUp()
      }
      for (
        let first = lingering.first();
        first !== undefined && now - first.since >= LINGER_MS;
        first = lingering.first()
      ) {
        lingering.drop()
        if (!first.socket.destroyed) first.socket.resetAndDestroy()
      }
    },
    oldest: () => skipSettled()?.startedAt ?? Number.POSITIVE_INFINITY,
  }
}

/** First in, first out; what is dropped is freed now and then. */
function createQueue<T>(): { add(item: T): void; first(): T | undefined; drop(): void } {
  const items: T[] = []
  let head = 0
  return {
    add: (item) => void items.push(item),
    first: () => items[head],
    drop: () => {
      head += 1
      if (head < 1024) return
      items.splice(0, head)
      head = 0
    },
  }
}

function attempt(target: Target, deadlines: Deadlines): Attempt {
  const record: Attempt = { startedAt: performance.now(), endedAt: undefined, failure: TOO_LATE, server: undefined }
  const socket = connect({ host: target.address, port: target.port, noDelay: true })
  let text = ''
  let settled = false
  const settle = (failure: string | undefined): void => {
    if (settled) return
    settled = true
    record.endedAt = performance.now()
    record.failure = failure
    // The server closes first (`Connection: close`), so that TIME_WAIT is not on this side, which would run out of ports.
    if (failure === undefined) deadlines.linger(socket, record.endedAt)
    // A reset would wait for the connection first, and go on sending SYNs to a dead address.
    else if (socket.connecting) socket.destroy()
    else socket.resetAndDestroy()
  }
  deadlines.add({ startedAt: record.startedAt, isSettled: () => settled, giveUp: () => settle(TOO_LATE) })
  // Queued until the connection stands.
  socket.write(REQUEST, 'latin1')
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const name = text.indexOf(NAME)
    const end = name < 0 ? -1 : text.indexOf('}', name)
    if (end < 0) return
    record.server = text.slice(name + NAME.length, text.indexOf('"', name + NAME.length))
    settle(text.startsWith('HTTP/1.1 200') ? undefined : `status ${text.slice(9, 12)}`)
  })
  socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
  socket.on('end', () => settle('closed without an answer'))
  return record
}
