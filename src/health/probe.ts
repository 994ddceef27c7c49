import { connect, type Socket } from 'node:net'
import type { ProbeEvent } from './verdict.ts'

export type ProbeOptions = {
  everyMs: number
  timeoutMs: number
  onEvent(event: ProbeEvent): void
  /** How long an answer took, in ms. */
  onAnswer(ms: number): void
}

export type Probe = {
  /**
   * The first look, and all from now on, go to these ports: one, or two while a release moves the health listener. An answer at
   * either is one; a port after the other is asked until one answers, and the one that did is asked first the next time.
   */
  setPorts(ports: readonly number[]): void
  close(): void
}

/** What only the other side, or its absence, can cause. Everything else is this host's: no descriptors, memory, ports. */
const OF_HAPROXY = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE']
const REQUEST = 'GET /alive HTTP/1.1\r\nHost: lb-agent\r\n\r\n'
const MAX_ANSWER_BYTES = 4096
/** A timer of an idle process is a few ms late at most. */
const STOOD_STILL_MS = 30
const MAX_LOOKS_AGAIN = 5
const LOOK_AGAIN_MS = 2

/**
 * Asks HAProxy `GET /alive` over one kept-alive connection, one question at a time. A connection that closes is followed
 * by another look at once: a killed HAProxy refuses it within a millisecond, a reloaded one answers it from its new worker.
 */
export function startProbe(options: ProbeOptions): Probe {
  let ports: readonly number[] = []
  let port: number | undefined
  /** What the ports asked so far in this look have come to. */
  let silent: ProbeEvent[] = []
  let socket: Socket | undefined
  let asking = false
  let askedAt = 0
  let timer: NodeJS.Timeout | undefined
  let deadline: NodeJS.Timeout | undefined
  let deadlineRead: NodeJS.Immediate | undefined
  let closed = false
  let firstLookAgainAt = Number.NEGATIVE_INFINITY
  let looksAgain = 0

  const ask = (): void => {
    clearTimeout(timer)
    if (closed || asking || port === undefined) return
    asking = true
    askedAt = performance.now()
    setDeadline(true)
    if (socket === undefined) socket = open(port)
    else socket.write(REQUEST)
  }

  /**
   * A deadline that passes while this process itself stood still (stopped, no processor) says nothing of HAProxy: its
   * answer may lie in the socket unread. It is read first, and once there is time for a new answer.
   */
  const setDeadline = (mayExtend: boolean): void => {
    const dueAt = performance.now() + options.timeoutMs
    deadline = setTimeout(() => {
      const wasLate = performance.now() - dueAt > STOOD_STILL_MS
      if (wasLate && mayExtend) setDeadline(false)
      else deadlineRead = setImmediate(miss)
    }, options.timeoutMs)
  }

  const endDeadline = (): void => {
    clearTimeout(deadline)
    clearImmediate(deadlineRead)
  }

  const miss = (): void => {
    settle({ kind: 'missed', reason: `HAProxy gave no answer within ${options.timeoutMs} ms` })
    // The next deadline begins at once: a hung HAProxy is found after `fall` of them.
    ask()
  }

  const settle = (event: ProbeEvent): void => {
    endDeadline()
    asking = false
    if (event.kind !== 'answered') drop()
    if (closed) return
    if (event.kind === 'answered') {
      options.onAnswer(performance.now() - askedAt)
      end(event)
      return
    }
    silent.push(event)
    // The one that was asked longest ago.
    port = ports.find((_, index) => ports[index - 1] === port) ?? ports[0]
    if (silent.length < ports.length) ask()
    else end(worstOf(silent) ?? event)
  }

  const end = (event: ProbeEvent): void => {
    silent = []
    options.onEvent(event)
    clearTimeout(timer)
    timer = setTimeout(ask, options.everyMs)
  }

  /** The question could not be asked, which is no evidence. Without looks the heartbeat ends, and `check` asks instead. */
  const giveUp = (): void => {
    endDeadline()
    asking = false
    drop()
    clearTimeout(timer)
    if (!closed) timer = setTimeout(ask, options.everyMs)
  }

  // Only so often in an interval: an HAProxy that closes after every answer must not be asked without a pause.
  const lookAgain = (): void => {
    clearTimeout(timer)
    const now = performance.now()
    if (now - firstLookAgainAt > options.everyMs) {
      firstLookAgainAt = now
      looksAgain = 0
    }
    looksAgain += 1
    if (looksAgain === 1) ask()
    else timer = setTimeout(ask, looksAgain <= MAX_LOOKS_AGAIN ? LOOK_AGAIN_MS : options.everyMs)
  }

  const drop = (): void => {
    const dropped = socket
    socket = undefined
    dropped?.destroy()
  }

  const open = (to: number): Socket => {
    const opened = connect({ port: to, host: '127.0.0.1', noDelay: true })
    let received = ''
    let answers = 0
    opened.setEncoding('latin1')
    opened.on('connect', () => opened.write(REQUEST))
    opened.on('data', (chunk: string) => {
      if (opened !== socket) return
      received += chunk
      const end = endOfResponse(received)
      if (end === undefined && received.length < MAX_ANSWER_BYTES) return
      const ok = received.startsWith('HTTP/1.1 200 ')
      const status = received.slice(9, 12)
      received = received.slice(end ?? received.length)
      answers += 1
      settle(ok ? { kind: 'answered' } : { kind: 'missed', reason: `HAProxy answered /alive with status ${status}` })
    })
    opened.on('error', (error: NodeJS.ErrnoException) => {
      if (opened !== socket) return
      if (error.code === 'ECONNREFUSED')
        settle({ kind: 'refused', reason: `HAProxy does not listen on 127.0.0.1:${to}` })
      else if (!OF_HAPROXY.includes(error.code ?? '')) giveUp()
    })
    opened.on('close', () => {
      if (opened !== socket) return
      socket = undefined
      // A kept-alive connection that ends says nothing yet: its worker was killed, or replaced by a reload.
      if (answers > 0) {
        endDeadline()
        asking = false
        lookAgain()
      } else {
        // A process that is being killed still accepts for some milliseconds, until all of its parts have ended.
        settle({ kind: 'missed', reason: 'HAProxy closed the connection without an answer' })
        lookAgain()
      }
    })
    return opened
  }

  return {
    setPorts: (next) => {
      ports = next
      silent = []
      if (port !== undefined && next.includes(port)) return
      port = next[0]
      drop()
      endDeadline()
      asking = false
      ask()
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      endDeadline()
      drop()
    },
  }
}

/** Nobody listens only where every port says so: one that does not answer may hang. */
function worstOf(events: readonly ProbeEvent[]): ProbeEvent | undefined {
  return events.find(({ kind }) => kind === 'missed') ?? events[0]
}

/** Where the first response in `text` ends, by its Content-Length; undefined while it is not whole. */
function endOfResponse(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return undefined
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  const end = head + 4 + length
  return text.length >= end ? end : undefined
}
