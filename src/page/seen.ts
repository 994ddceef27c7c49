import type { Change } from '../changes.ts'
import type { ClusterView, ServiceView } from '../cluster.ts'
import type { Status } from '../status.ts'

/** What the agent sends to the page. Services are in `services` alone: with a thousand servers each copy is long. */
export type Seen = {
  own: Status
  cluster: ClusterView
  services: readonly SeenService[]
  /** The newest events of this balancer in words, newest first. */
  told: readonly Told[]
  /** What became of the newest revisions on this balancer, newest first. */
  changes: readonly Change[]
}

/** `by`: the node that sees the servers so, which is one that holds the VIP if any does; empty when none does. */
export type SeenService = ServiceView & { by: string }

export type Told = { atMs: number; text: string; turn: 'good' | 'bad' | 'plain' }
