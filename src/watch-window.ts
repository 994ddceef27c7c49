import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './apply/apply-release.ts'
import type { Release } from './apply/release.ts'
import { FAULT_SCORE } from './health/score.ts'
import type { Parts } from './parts.ts'

const LOOK_EVERY_MS = 200

/**
 * Looks at this node for the confirm window and says what a release made worse, compared with what was true when the
 * apply began: an outage that was there before is no reason to roll back.
 */
export function watchWindow(parts: Parts): (release: Release, signal: AbortSignal) => Promise<Outcome> {
  const servedBefore = servicesWithServers(parts)
  const faultsBefore = faults(parts)
  return async (release, signal) => {
    // Hand-written files need not have our sockets: nothing here can be asked.
    if (release.foreign) return { kind: 'done' }
    const deadline = performance.now() + parts.config.apply.confirmWindowMs
    let worker: number | undefined
    while (performance.now() < deadline && !signal.aborted) {
      await sleep(Math.min(LOOK_EVERY_MS, Math.max(1, deadline - performance.now())))
      const fact = await parts.haproxy.refresh()
      if (fact.kind === 'known') {
        if (worker !== undefined && worker !== fact.value.pid) return failed('haproxy died and was started again')
        worker = fact.value.pid
      }
    }
    if (signal.aborted) return { kind: 'done' }
    const last = await parts.haproxy.refresh()
    if (last.kind === 'unknown') return failed(`haproxy does not answer: ${last.reason}`)
    const verdict = parts.health.verdict()
    if (!verdict.serving) return failed(`the gate is closed: ${verdict.reason}`)
    const fault = faults(parts).find((vip) => !faultsBefore.includes(vip))
    if (fault !== undefined) return failed(`VIP ${fault} is in FAULT`)
    const served = servicesWithServers(parts)
    const lost = release.expectation.services.find(
      ({ backend }) => servedBefore.includes(backend) && !served.includes(backend),
    )
    return lost === undefined ? { kind: 'done' } : failed(`service ${lost.name} lost all of its servers`)
  }
}

function servicesWithServers(parts: Parts): string[] {
  const fact = parts.haproxy.latest()
  if (fact.kind === 'unknown') return []
  return [...new Set(fact.value.servers.filter(({ up }) => up).map(({ backend }) => backend))]
}

function faults(parts: Parts): string[] {
  // A VIP that is held back (requireHealthyOnce) is in FAULT because it should be.
  const scores = parts.health.scores().filter(({ score }) => score !== FAULT_SCORE)
  const vips = scores.map(({ vip }) => vip)
  return vips.filter((vip) => parts.vrrp.get(vip)?.state === 'FAULT')
}

function failed(reason: string): Outcome {
  return { kind: 'failed', reason }
}
