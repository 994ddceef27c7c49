import type { SCORE_CAUSES } from '../report/vip-schema.ts'
import type { VipHealth } from './vip-health.ts'

export type ScoreCause = (typeof SCORE_CAUSES)[number]

/** What keepalived adds to this node's priority for one VIP, and why: in one word, and in a sentence. */
export type Score = { vip: string; score: number; cause: ScoreCause; reason: string }

/**
 * Scores of nodes that should not hold the VIP now, in this order: one that recovers, one that is drained, one without
 * servers (0). The steps are larger than the distance between the first and the last of `prefer` (see basePriority).
 */
export const HELD_BACK_SCORE = 64
export const DRAINED_SCORE = 32

/** keepalived takes a tracked file's -254 as FAULT of the instance (2.2.7, trackers/track_file.c; tried). */
export const FAULT_SCORE = -254

export type Brakes = {
  /** Drained by hand, in words. */
  drained: string | undefined
  /** `requireHealthyOnce` and no server was up yet. */
  waitsForServer: boolean
  /** A pair without lb-agent still holds it (takeover.ts). */
  waitsForTakeover: boolean
  failbackMs: number | 'manual'
  nowMs: number
}

export function scoreOf(vip: string, health: VipHealth, brakes: Brakes): Score {
  if (brakes.waitsForTakeover) {
    const reason =
      'left to the pair that holds it: run lb-agent install on the node that has it. This node takes part once lb-agent holds it there, or nobody answers for it any more'
    return { vip, score: FAULT_SCORE, cause: 'waits_for_takeover', reason }
  }
  if (brakes.waitsForServer) {
    const reason = 'held back: no server of it was up yet (requireHealthyOnce)'
    return { vip, score: FAULT_SCORE, cause: 'waits_for_server', reason }
  }
  const atMost = (score: number): number => Math.min(health.score, score)
  if (brakes.drained !== undefined) {
    return { vip, score: atMost(DRAINED_SCORE), cause: 'drained', reason: brakes.drained }
  }
  if (health.heldDownSinceMs !== undefined) {
    const reason = heldDown(health.heldDownSinceMs, brakes)
    return { vip, score: atMost(HELD_BACK_SCORE), cause: 'held_back', reason }
  }
  return { vip, score: health.score, cause: health.cause, reason: health.reason }
}

function heldDown(sinceMs: number, { failbackMs, nowMs }: Brakes): string {
  if (failbackMs === 'manual') return 'held back after a recovery: failback is manual, lb-agent undrain ends it'
  return `held back after a recovery, ${Math.max(0, Math.ceil((sinceMs + failbackMs - nowMs) / 1000))} s to go`
}
