import type { Fault, ProofCluster, Tracker } from '../../src/proof/model.ts'
import type { Outcome } from '../../src/proof/outcome.ts'
import { outcomesAfter } from '../../src/proof/table.ts'
import { tracker } from './proof-cluster.ts'

/** What becomes of the first VIP. */
export function after(of: ProofCluster, ...sequence: (readonly Fault[])[]): Outcome | undefined {
  return outcomesAfter(of, sequence)[0]
}

/** Who then holds it, in words. */
export function holders(of: ProofCluster, ...sequence: (readonly Fault[])[]): string {
  const outcome = after(of, ...sequence)
  if (outcome === undefined) return 'no VIP'
  return outcome.oneOf.length > 0 ? `one of ${outcome.oneOf.join(', ')}` : outcome.holders.join(' and ') || 'none'
}

/** How long that takes at most, and what that is made of. */
export function bound(of: ProofCluster, ...sequence: (readonly Fault[])[]): string {
  const terms = after(of, ...sequence)?.bound
  return terms === undefined ? 'nothing moves' : `${terms.ms} ms: ${terms.terms.map(({ what }) => what).join(' + ')}`
}

export const dead = (node: string): Fault => ({ kind: 'haproxy-dead', node })
export const lost = (node: string): Fault => ({ kind: 'node-lost', node })
export const stopped = (node: string): Fault => ({ kind: 'keepalived-stopped', node })
export const killed = (node: string): Fault => ({ kind: 'keepalived-killed', node })
export const down = (node: string): Fault => ({ kind: 'link-down', node })

/** A tracker that takes its node out of the election when HAProxy is dead. */
export const fault: Tracker = tracker('file', 0, { 'haproxy-dead': 'FAULT' })
