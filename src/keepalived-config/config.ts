import type { Position, Problem } from '../spec/problem.ts'

/**
 * A keepalived.conf as keepalived 2.2.7 understands it (keepalived.conf(5)), with its defaults filled in and the place of each
 * part. Words that have nothing to do with who holds an address are passed over. Durations are milliseconds.
 */
export type KeepalivedConfig = {
  /** As the reader was given it. */
  file: string
  globals: Globals
  scripts: readonly ScriptConfig[]
  trackFiles: readonly TrackFileConfig[]
  trackProcesses: readonly TrackProcessConfig[]
  instances: readonly InstanceConfig[]
  syncGroups: readonly SyncGroupConfig[]
  /** For what `keepalived -t` does not accept the file. Parts that keepalived drops then are not in the lists above. */
  problems: readonly Problem[]
  /** Those of `problems` over which keepalived ends at its start, where it would go on without other parts. */
  fatal: readonly Problem[]
  /** Lines in which there may be more than was read. */
  unread: readonly UnreadLine[]
  /** What 2.2.7 refuses and a later keepalived reads; it is no problem here. */
  newer: readonly NewerWord[]
  /** What keepalived takes at its start alone, by keyword. */
  fixed: ReadonlyMap<string, FixedWord>
}

/** `value`: empty where it is a word alone. */
export type FixedWord = { value: string; at: Position }

/** `since`: the first version that reads it, such as 2.3.2. */
export type NewerWord = { what: string; since: string; at: Position }

export type UnreadLine = { text: string; at: Position }

export type Globals = {
  routerId: string | undefined
  /** `vrrp_version`; 2 unless written. */
  version: 2 | 3
  /** `enable_script_security`, and the place of the word. */
  scriptSecurity: boolean
  scriptUser: string | undefined
  skipCheckAdvertAddresses: boolean
  strict: boolean
  checkUnicastSource: boolean
  /** `vrrp_mcast_group4`, `vrrp_mcast_group6`; undefined: keepalived's own. */
  multicastGroup4: string | undefined
  multicastGroup6: string | undefined
  downTimerAdverts: number
  /** `vrrp_notify_fifo`, or `notify_fifo`, which has what is said of VRRP as well. */
  notifyFifo: string | undefined
  /** `fifo_write_vrrp_states_on_reload`. */
  writesStatesOnReload: boolean
}

/** `vrrp_script`, or the older `vrrp_script NAME { script … }` with the options in any order. */
export type ScriptConfig = {
  name: string
  at: Position
  /** As written, without quotes around it. */
  command: string
  /** Words behind it, which keepalived does not pass on: the command has to be in quotes to have arguments. */
  unused: string | undefined
  intervalMs: number
  /** The interval unless written. */
  timeoutMs: number
  rise: number
  fall: number
  weight: number
  reverse: boolean
  user: string | undefined
  initFail: boolean
  places: Places
}

/** `track_file`, or the older `vrrp_track_file`. */
export type TrackFileConfig = {
  name: string
  at: Position
  file: string
  weight: number
  reverse: boolean
  /** `init_file`: what is written when the file does not exist. */
  initValue: number | undefined
}

/** `track_process`, or the older `vrrp_track_process`. */
export type TrackProcessConfig = {
  name: string
  at: Position
  process: string
  weight: number
  reverse: boolean
  quorum: number
  terminateDelayMs: number
}

/** Where the words of a part stand, by keyword: the last one counts. */
export type Places = ReadonlyMap<string, Position>

/** What an instance or a sync group follows. `weight`, `reverse`: where they are written here and not taken from what it names. */
export type TrackReference = {
  name: string
  weight: number | undefined
  reverse: boolean | undefined
  at: Position
}

export type Tracking = {
  trackFiles: readonly TrackReference[]
  trackScripts: readonly TrackReference[]
  trackProcesses: readonly TrackReference[]
  trackInterfaces: readonly TrackReference[]
}

/** A VRRP instance. */
export type InstanceConfig = Tracking & {
  name: string
  at: Position
  state: 'MASTER' | 'BACKUP'
  interface: string | undefined
  virtualRouterId: number
  /** 100 unless written. */
  priority: number
  version: 2 | 3
  /** 4 unless its addresses are IPv6. */
  family: 4 | 6
  advertMs: number
  nopreempt: boolean
  preemptDelayMs: number
  /** undefined: multicast. */
  unicast: UnicastConfig | undefined
  /** `unicast_src_ip`, or `mcast_src_ip`. */
  source: string | undefined
  /** `mcast_dst_ip`; undefined: as in `globals`. */
  multicastDestination: string | undefined
  dontTrackPrimary: boolean
  /** use_vmac, use_ipvlan: it has an interface of its own. */
  ownMac: boolean
  authentication: { type: string; password: string; at: Position } | undefined
  addresses: readonly AddressConfig[]
  /** `virtual_ipaddress_excluded`: they move with it, and are not in the adverts. */
  excluded: readonly AddressConfig[]
  skipCheckAdvertAddresses: boolean
  checkUnicastSource: boolean
  downTimerAdverts: number
  places: Places
}

export type UnicastConfig = { peers: readonly { address: string; at: Position }[]; faultNoPeer: boolean }

/** `address`: with prefix length, as written or /32, /128. The rest where it is written, because all of it is compared. */
export type AddressConfig = {
  address: string
  dev: string | undefined
  label: string | undefined
  scope: string | undefined
  at: Position
}

export type SyncGroupConfig = Tracking & {
  name: string
  at: Position
  members: readonly { name: string; at: Position }[]
  /** `sync_group_tracking_weight`: weighted trackers of members count. */
  trackingWeight: boolean
}
