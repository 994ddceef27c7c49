/** Why a pass happens, and what its asker allows. */
export type PassRequest = {
  cause: 'timer' | 'sync' | 'rollback' | 'restore'
  retry: boolean
  acceptRewind: boolean
  /** Called as the pass goes on; the last call has a result other than `running`. */
  onProgress(event: unknown): void
  done(): void
}

export type Schedule = {
  /** Queues a request; passes never overlap. */
  request(request: PassRequest): void
  /** Waits for the next request, or for `delayMs` to pass, whichever is first; undefined when aborted, or when it is over. */
  next(delayMs: number, signal: AbortSignal): Promise<PassRequest | undefined>
  /** Until the next one begins by itself. */
  nextInMs(): number
  /** How long the pass that is under way has been; 0 between passes. */
  busyForMs(): number
  /** Whether it is over is looked at now. */
  look(): void
}

/**
 * Passes have one owner: the loop that calls `next`. `isOver`: no pass is to begin any more; asked between passes, and only
 * when nobody waits for one.
 */
export function createSchedule(isOver: () => boolean = () => false): Schedule {
  const queue: PassRequest[] = []
  let wake: (() => void) | undefined
  let nextAt = 0
  // The loop that calls `next` may not have begun yet.
  let busySince: number | undefined
  const ends = (): boolean => queue.length === 0 && isOver()
  return {
    request: (request) => {
      queue.push(request)
      if (busySince !== undefined) request.onProgress({ waiting: 'another pass is under way' })
      wake?.()
    },
    next: (delayMs, signal) =>
      new Promise((resolve) => {
        nextAt = performance.now() + delayMs
        busySince = undefined
        const finish = (): void => {
          clearTimeout(timer)
          wake = undefined
          signal.removeEventListener('abort', finish)
          busySince = performance.now()
          resolve(signal.aborted || ends() ? undefined : (queue.shift() ?? timerRequest()))
        }
        const timer = setTimeout(finish, queue.length > 0 || ends() ? 0 : delayMs)
        wake = finish
        signal.addEventListener('abort', finish, { once: true })
        if (signal.aborted) finish()
      }),
    nextInMs: () => Math.round(nextAt - performance.now()),
    busyForMs: () => (busySince === undefined ? 0 : performance.now() - busySince),
    look: () => {
      if (ends()) wake?.()
    },
  }
}

function timerRequest(): PassRequest {
  const nothing = (): void => undefined
  return { cause: 'timer', retry: false, acceptRewind: false, onProgress: nothing, done: nothing }
}
