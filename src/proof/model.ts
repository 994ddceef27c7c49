import type { Position } from '../spec/problem.ts'
import type { ExitStatus } from './script-text.ts'
import type { Unanswered } from './unanswered.ts'

/** What can happen to one node. */
export const FAULT_KINDS = [
  'haproxy-dead',
  'haproxy-hung',
  'keepalived-stopped',
  'keepalived-killed',
  'node-lost',
  'servers-lost',
  'link-down',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]
export type Fault = { kind: FaultKind; node: string }

/** A part of a worst case, such as `3 adverts of 100 ms`. `byHand`: it lasts until a person does it, and is not counted. */
export type Term = { what: string; ms: number; byHand?: true }

/** What a tracker does to its instance: a number is added to the base priority; FAULT takes the instance out of the election. */
export type Contribution = number | 'FAULT'

/**
 * One thing that an instance follows. `under`: for each fault of its node that it notices, what it does then, and how long it takes
 * at most until keepalived knows. A fault that is not there changes nothing.
 */
export type Tracker = {
  name: string
  what: 'file' | 'script' | 'process' | 'interface'
  at: Position
  healthy: Contribution
  under: Readonly<Partial<Record<FaultKind, { contribution: Contribution; terms: readonly Term[] }>>>
  /** Why it cannot be told what it follows; it is then taken for one that never changes. */
  unknown: string | undefined
  /** Of a script of somebody's own. */
  script?: TrackedScript
}

/**
 * `isFound`: its text was there to read. `asksVip`: an address of the instance that it asks without having looked whether this node
 * has it. `ports`: those of this node, or of the instance's addresses, that it asks. `unanswered`: what it asks
 * where HAProxy does not listen.
 */
export type TrackedScript = {
  command: string
  isFound: boolean
  exitStatus: ExitStatus
  asksVip: string | undefined
  ports: readonly number[]
  unanswered: Unanswered | undefined
}

/** One VRRP instance on one node. Those of several nodes with the same family and virtual router id elect one MASTER. */
export type Router = {
  node: string
  name: string
  at: Position
  family: 4 | 6
  virtualRouterId: number
  interface: string
  version: 2 | 3
  /** Base priority; 255 is the owner of the address: trackers with weights do not count. */
  priority: number
  advertMs: number
  nopreempt: boolean
  preemptDelayMs: number
  /** `state MASTER`. keepalived waits for adverts all the same; see elect.ts for what it changes. */
  startsAsMaster: boolean
  /** Where its adverts come from; of equal priorities the higher address wins (RFC 5798 §6.4.3). undefined: not known. */
  source: string | undefined
  /** undefined: multicast. */
  unicastPeers: readonly string[] | undefined
  multicastGroup: string
  /** With VRRPv2: type and password, both must be equal. */
  authentication: string
  /** `check_unicast_src`: takes adverts from its own peers alone. */
  checksSource: boolean
  /** What its adverts name, in any order. It takes no advert that names others, `skip_check_adv_addr` or not (hears.ts). */
  advertised: readonly string[]
  /** All addresses that it puts on its node, without prefix length. */
  addresses: readonly string[]
  downTimerAdverts: number
  /** Those that count: keepalived takes weighted ones from members of a sync group, unless `sync_group_tracking_weight`. */
  trackers: readonly Tracker[]
  /** Goes to FAULT with its interface: keepalived does unless dont_track_primary is written. */
  tracksInterface: boolean
  /** Name of its sync group on this node. */
  syncGroup: string | undefined
}

/** All that the proof knows of a cluster: a pure function of lb.yaml, or of the keepalived.conf of each node. */
export type ProofCluster = {
  nodes: readonly ProofNode[]
  routers: readonly Router[]
  vips: readonly ProofVip[]
}

export type ProofNode = {
  name: string
  /** When both processes of keepalived are killed, it is started again and takes its addresses off; undefined: nobody does. */
  restartsKeepalived: readonly Term[] | undefined
}

/** An address that clients use. `prefer`: who should hold it, best first, where that is known. */
export type ProofVip = {
  name: string
  address: string
  prefer: readonly string[] | undefined
  /** false: no servers behind it that could be lost. */
  hasServers: boolean
}
