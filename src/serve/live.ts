import type { ServerResponse } from 'node:http'
import type { Stream } from './network.ts'

export type Live = Stream & {
  /** Something has happened: they are told within some milliseconds. */
  poke(): void
  close(): void
}

/** What happens elsewhere pokes nobody here, so it is looked for, while somebody listens. */
const LOOK_EVERY_MS = 100
/** Silence for longer says that the agent is gone. */
const TELL_EVERY_MS = 1_000
/** Of many events at once only the outcome is told. */
const TOGETHER_MS = 30
const MAX_LISTENERS = 64
/** One that does not read gives its place to others. */
const MAX_WAITING_BYTES = 512 * 1024

/**
 * Tells all listeners what `read` gives: at once when its `essence` is another than before, and every second. Nothing is
 * told of what is not sure yet (undefined). Reads nothing while nobody listens.
 */
export function createLive<T>(read: () => Promise<T | undefined>, essence: (value: T) => string): Live {
  const listeners = new Set<ServerResponse>()
  let timer: NodeJS.Timeout | undefined
  let poked: NodeJS.Timeout | undefined
  let looking = false
  let told = { essence: '', at: Number.NEGATIVE_INFINITY }

  const look = async (): Promise<void> => {
    const value = await read()
    if (value === undefined) return
    const now = { essence: essence(value), at: performance.now() }
    if (now.essence === told.essence && now.at - told.at < TELL_EVERY_MS - LOOK_EVERY_MS / 2) return
    told = now
    const message = `data: ${JSON.stringify(value)}\n\n`
    for (const listener of listeners) {
      if (listener.writableLength > MAX_WAITING_BYTES) listener.destroy()
      else listener.write(message)
    }
  }
  const lookOnce = (): void => {
    if (looking || listeners.size === 0) return
    looking = true
    void look()
      // What cannot be read now is told by silence, which the page shows as UNKNOWN.
      .catch(() => undefined)
      .finally(() => {
        looking = false
      })
  }
  const stopIfAlone = (): void => {
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    isFull: () => listeners.size >= MAX_LISTENERS,
    connect: (response) => {
      listeners.add(response)
      response.on('close', () => {
        listeners.delete(response)
        stopIfAlone()
      })
      // The new one has been told nothing yet.
      told = { essence: '', at: Number.NEGATIVE_INFINITY }
      timer ??= setInterval(lookOnce, LOOK_EVERY_MS)
      lookOnce()
    },
    poke: () => {
      poked ??= setTimeout(() => {
        poked = undefined
        lookOnce()
      }, TOGETHER_MS)
    },
    close: () => {
      clearInterval(timer)
      clearTimeout(poked)
      for (const listener of listeners) listener.end()
    },
  }
}
