import { setTimeout as sleep } from 'node:timers/promises'
import { readProcesses } from './haproxy-processes.ts'
import { readLoadedRelease } from './haproxy-state.ts'
import type { Outcome, Unit } from './unit.ts'
import { whatItSaid } from './what-it-said.ts'

const LOOK_EVERY_MS = 15
const ANSWER_WITHIN_MS = 500
const SETTLE_WITHIN_MS = 2_000

export type HaproxyConfirmer = {
  /** Remembers the worker that serves, and how often reloads have failed so far; to be called before the reload. */
  prepare(): Promise<void>
  /** Waits until another worker than before owns the stats socket and carries `release`. */
  confirm(release: string, timeoutMs: number, signal: AbortSignal): Promise<Outcome>
  /** Waits for another worker, whatever it carries; a hand-written file need not have our stats socket, so it may not show. */
  settle(signal: AbortSignal): Promise<void>
}

/**
 * Proves a reload: HAProxy's own exit codes do not (2.6 reloads asynchronously, and a failed one leaves the old worker
 * serving the old file). Where the master socket may be read, a failed reload is seen at once, elsewhere by the deadline.
 */
export function createHaproxyConfirmer(unit: Unit, sockets: { stats: string; master: string }): HaproxyConfirmer {
  let failedBefore = 0
  let mark = 0
  // An apply that is taken up again, or rolled back, reloads a release that the old worker may carry already.
  let workerBefore: number | undefined
  return {
    prepare: async () => {
      mark = unit.mark()
      const loaded = await readLoadedRelease(sockets.stats, ANSWER_WITHIN_MS)
      workerBefore = loaded.kind === 'answer' ? loaded.pid : undefined
      failedBefore = (await failedReloads(sockets.master)) ?? 0
    },
    settle: async (signal) => {
      const deadline = performance.now() + SETTLE_WITHIN_MS
      while (performance.now() < deadline && !signal.aborted) {
        const loaded = await readLoadedRelease(sockets.stats, ANSWER_WITHIN_MS)
        if (loaded.kind === 'answer' && loaded.pid !== workerBefore) return
        await sleep(LOOK_EVERY_MS)
      }
    },
    confirm: async (release, timeoutMs, signal) => {
      const deadline = performance.now() + timeoutMs
      let last = 'nothing answered'
      while (performance.now() < deadline && !signal.aborted) {
        const loaded = await readLoadedRelease(sockets.stats, ANSWER_WITHIN_MS)
        const renewed = loaded.kind === 'answer' && loaded.pid !== workerBefore
        if (renewed && loaded.text === release) return { kind: 'done' }
        last = loaded.kind === 'answer' ? describe(loaded.text, renewed) : loaded.reason
        const failed = await failedReloads(sockets.master)
        if (failed !== undefined && failed > failedBefore) {
          return { kind: 'failed', reason: withOutput('haproxy could not load the new file', unit.printedSince(mark)) }
        }
        await sleep(LOOK_EVERY_MS)
      }
      const reason = `haproxy did not serve release ${release} within ${timeoutMs} ms (${last})`
      return { kind: 'failed', reason: withOutput(reason, unit.printedSince(mark)) }
    },
  }
}

function describe(release: string, renewed: boolean): string {
  return `${renewed ? 'its worker' : 'the worker from before'} carries release ${release || '(none)'}`
}

async function failedReloads(masterSocket: string): Promise<number | undefined> {
  const answer = await readProcesses(masterSocket, ANSWER_WITHIN_MS)
  return answer.kind === 'state' ? answer.state.failedReloads : undefined
}

function withOutput(reason: string, printed: string): string {
  const said = whatItSaid(printed)
  return said === '' ? reason : `${reason}: ${said}`
}
