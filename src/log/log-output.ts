import pino, { type DestinationStream } from 'pino'

/** `failing`: the first lines wait, up to a bound, and the rest are left out. `leftOut`: how many were, until it was over. */
export type OutputState = { kind: 'writing'; leftOut: number } | { kind: 'failing'; reason: string }

export type LogOutput = DestinationStream & {
  /** Told of the state if it is failing now, and of each change. */
  onChange(listener: (state: OutputState) => void): void
  close(): void
}

const RETRY_EVERY_MS = 1_000
/** Some hundred lines, of which the first tell what began. */
const MAX_WAITING_BYTES = 64 * 1024

/**
 * Writes lines to an open file before the call returns, so that nothing is lost with the process. What cannot be written (a
 * full disk) must not end the agent: a part of it waits and is written first when there is room again.
 */
export function createLogOutput(descriptor: number): LogOutput {
  const stream = pino.destination({ dest: descriptor, sync: true, maxLength: MAX_WAITING_BYTES })
  const listeners: ((state: OutputState) => void)[] = []
  let state: OutputState = { kind: 'writing', leftOut: 0 }
  let failure: string | undefined
  let leftOut = 0
  let timer: NodeJS.Timeout | undefined
  // pino's own listener writes nothing more after EPIPE and says nothing of it, and throws what else it hears.
  stream.removeAllListeners('error')
  // Both come before `write` returns.
  stream.on('error', (error: Error) => {
    failure = error.message
  })
  stream.on('drop', () => {
    leftOut += 1
  })

  const change = (next: OutputState): void => {
    state = next
    for (const listener of listeners) listener(next)
  }
  const write = (line: string): void => {
    failure = undefined
    const leftOutBefore = leftOut
    stream.write(line)
    // It does not try to write a line that it leaves out.
    if (leftOut > leftOutBefore) return
    if (failure === undefined && state.kind === 'failing') {
      clearInterval(timer)
      const lost = leftOut
      leftOut = 0
      change({ kind: 'writing', leftOut: lost })
    } else if (failure !== undefined && state.kind === 'writing') {
      timer = setInterval(() => write(''), RETRY_EVERY_MS)
      timer.unref()
      change({ kind: 'failing', reason: failure })
    }
  }
  return {
    write,
    onChange: (listener) => {
      listeners.push(listener)
      if (state.kind === 'failing') listener(state)
    },
    close: () => clearInterval(timer),
  }
}
