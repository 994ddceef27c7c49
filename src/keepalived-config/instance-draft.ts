import type { Position } from '../spec/problem.ts'
import type { ReadAddress } from './addresses.ts'
import type { Places } from './config.ts'
import type { TrackingDraft } from './read-tracking.ts'
import type { Report } from './report.ts'
import type { Word } from './words.ts'

/** An instance as it is written; undefined: not written, or not valid. */
export type InstanceDraft = TrackingDraft & {
  name: string
  at: Position
  state: 'MASTER' | 'BACKUP' | undefined
  interface: string | undefined
  virtualRouterId: number | undefined
  priority: number | undefined
  version: 2 | 3 | undefined
  family: 4 | 6 | undefined
  advertMs: number | undefined
  nopreempt: boolean
  preemptDelayMs: number
  peers: { address: string; at: Position }[]
  faultNoPeer: boolean
  /** The first word that has to do with unicast. */
  unicastWord: Word | undefined
  source: string | undefined
  multicastDestination: string | undefined
  dontTrackPrimary: boolean
  ownMac: boolean
  ipvlanAddress: string | undefined
  authType: { text: string; at: Position } | undefined
  password: string
  addresses: ReadAddress[]
  excluded: ReadAddress[]
  skipCheckAdvertAddresses: boolean
  strict: boolean | undefined
  checkUnicastSource: boolean
  downTimerAdverts: number
  places: Places
  syncGroup: string | undefined
  /** Words that make keepalived run a program. */
  seen: Set<string>
  /** Words that strict mode asks for: on or off, or a number that is not 0. */
  switches: Map<string, boolean>
}

/** Its first address says which family an instance is of; those of the other one are left out. */
export function isOfFamily(
  family: 4 | 6,
  { text, at }: { text: string; at: Position },
  draft: InstanceDraft,
  report: Report,
): boolean {
  draft.family ??= family
  if (draft.family === family) return true
  report(
    at,
    `${text} is IPv${family} and ${draft.name} is IPv${draft.family}, so keepalived leaves it out; make an instance per family`,
  )
  return false
}
