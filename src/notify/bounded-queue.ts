import { setImmediate as nextTurn } from 'node:timers/promises'

/** One piece of work after the other; the oldest that waits is given up for a new one when there are too many. */
export type BoundedQueue<T> = {
  push(item: T): void
  /** Nothing that waits is begun any more. */
  close(): void
}

export function createBoundedQueue<T>(options: {
  size: number
  work(item: T): Promise<void>
  onDrop(item: T): void
  /** Nothing waits any more. */
  onEmpty(): void
}): BoundedQueue<T> {
  const waiting: T[] = []
  let working = false
  let closed = false

  const run = async (): Promise<void> => {
    working = true
    for (let item = waiting.shift(); item !== undefined && !closed; item = waiting.shift()) {
      // Many VIPs can move at once: what else is to be done comes between the starts of their work.
      await nextTurn()
      await options.work(item).catch(() => undefined)
    }
    working = false
    if (!closed) options.onEmpty()
  }
  return {
    push: (item) => {
      if (closed) return
      waiting.push(item)
      if (waiting.length > options.size) options.onDrop(waiting.shift() as T)
      if (!working) void run()
    },
    close: () => {
      closed = true
      waiting.length = 0
    },
  }
}
