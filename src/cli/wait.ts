import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterView } from '../cluster.ts'
import type { ControlClient } from '../serve/control-client.ts'
import { DURATION, parseDurationMs } from '../spec/duration.ts'
import type { Status } from '../status.ts'
import { age } from '../time-text.ts'
import { type Condition, parseConditions, whyNot } from '../wait-for.ts'
import { refuse } from './refuse.ts'

const LOOK_EVERY_MS = 500

/**
 * Returns once all conditions have held for `lasting` without a break: 0, or 1 when they have not by `timeout`. An agent that is not
 * there yet is waited for, and so is its agent.yaml, without which `connect` throws.
 */
export async function wait(
  text: string,
  { lasting, timeout }: { lasting: string; timeout: string },
  connect: () => Promise<ControlClient>,
): Promise<number> {
  const parsed = parseConditions(text)
  if ('mistake' in parsed) return refuse(`--wait: ${parsed.mistake}`)
  if (!DURATION.test(lasting) || !DURATION.test(timeout))
    return refuse('--for and --timeout take durations such as 30s or 10m')
  const [lastingMs, timeoutMs] = [parseDurationMs(lasting), parseDurationMs(timeout)]
  const startedAt = performance.now()
  let goodSince: number | undefined
  let told: string | undefined
  for (;;) {
    const why = await whyNotYet(parsed.conditions, connect)
    const now = performance.now()
    if (why === undefined) {
      goodSince ??= now
      if (now - goodSince >= lastingMs) {
        console.log(`${text}: for ${age(now - goodSince)}`)
        return 0
      }
    } else goodSince = undefined
    const state = why ?? `${text}: now for ${lasting} on end`
    // Each change once: a log of a bootstrap stays readable.
    if (state !== told) console.error(`waiting: ${state}`)
    told = state
    if (now - startedAt >= timeoutMs) {
      console.error(
        `lb-agent: not within ${timeout}: ${why ?? `it has held for ${age(now - (goodSince ?? now))} only`}`,
      )
      return 1
    }
    await sleep(LOOK_EVERY_MS)
  }
}

async function whyNotYet(
  conditions: readonly Condition[],
  connect: () => Promise<ControlClient>,
): Promise<string | undefined> {
  try {
    const control = await connect()
    const own = (await control.get('/v1/status')) as Status
    const cluster = (await control.get('/v1/cluster')) as ClusterView
    for (const condition of conditions) {
      const why = whyNot(condition, own, cluster)
      if (why !== undefined) return why
    }
    return undefined
  } catch (error) {
    // An agent that starts, ends or is replaced meanwhile.
    return (error as Error).message
  }
}
