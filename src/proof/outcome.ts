import type { Fault, ProofVip, Term } from './model.ts'

/** A worst case in milliseconds, and what it is made of. */
export type Bound = { ms: number; terms: readonly Term[] }

/** Where an address is once every timer has run out. Nodes are in the order of the cluster. */
export type Outcome = {
  /** Nodes that have the address; more than one: two machines answer for it. */
  holders: readonly string[]
  /** A tie: one of these has it, and nothing says which. `holders` is empty then. */
  oneOf: readonly string[]
  /** Of those that have it, or may, the ones that serve: HAProxy answers, its servers can be reached, the link is up. */
  serving: readonly string[]
  /** Nodes that may hold the VIP and would serve. */
  could: readonly string[]
  /** Until the last change, from the moment of the fault; undefined: nothing moves. */
  bound: Bound | undefined
}

export type TableRow = { faults: readonly Fault[]; outcome: Outcome }

/** What becomes of one VIP: healthy, under each fault on each node, and under each pair of node losses. */
export type VipTable = { vip: ProofVip; healthy: Outcome; rows: readonly TableRow[] }
