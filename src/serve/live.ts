import type { ServerResponse } from 'node:http'
import type { Stream } from './network.ts'

export type Live = Stream & {
  /** Something has happened: they are told within some milliseconds. */
  poke(): void
  close(): void
}

const EVERY_MS = 1_000
/** Of many events at once only the outcome is told. */
const TOGETHER_MS = 30
const MAX_LISTENERS = 64
/** One that does not read gives its place to others. */
const MAX_WAITING_BYTES = 512 * 1024

/** Tells all listeners what `read` gives, every second and after each `poke`; reads nothing while nobody listens. */
export function createLive(read: () => Promise<unknown>): Live {
  const listeners = new Set<ServerResponse>()
  let timer: NodeJS.Timeout | undefined
  let poked: NodeJS.Timeout | undefined
  let reading = false
  let again = false

  const tell = async (): Promise<void> => {
    poked = undefined
    if (listeners.size === 0) return
    if (reading) {
      again = true
      return
    }
    reading = true
    try {
      const message = `data: ${JSON.stringify(await read())}\n\n`
      for (const listener of listeners) {
        if (listener.writableLength > MAX_WAITING_BYTES) listener.destroy()
        else listener.write(message)
      }
    } finally {
      reading = false
    }
    if (again) {
      again = false
      await tell()
    }
  }
  // What cannot be read now is told by silence, which the page shows as UNKNOWN.
  const tellOrBeSilent = (): void => void tell().catch(() => undefined)
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
      timer ??= setInterval(tellOrBeSilent, EVERY_MS)
      tellOrBeSilent()
    },
    poke: () => {
      if (listeners.size > 0) poked ??= setTimeout(tellOrBeSilent, TOGETHER_MS)
    },
    close: () => {
      clearInterval(timer)
      clearTimeout(poked)
      for (const listener of listeners) listener.end()
    },
  }
}
