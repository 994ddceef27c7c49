/** A VRRP state as keepalived writes it; UNKNOWN is what nobody has told. */
export type VrrpState = 'MASTER' | 'BACKUP' | 'FAULT' | 'UNKNOWN'

/** A state change of one VIP on this node. */
export type VrrpChange = {
  kind: 'vrrp'
  vip: string
  /** Empty when no release of this node names the VIP. */
  address: string
  from: VrrpState
  to: VrrpState
  priority: number
  /** Why, as far as this node knows. */
  reason: string
  /** The node (or its address) whose adverts decided, when keepalived named one. */
  peer?: string
}

/** How putting a release live ended. */
export type ReleaseEnd = {
  kind: 'release'
  result: 'applied' | 'rolled back' | 'rejected'
  /** Empty when the revision was rejected before it was rendered. */
  release: string
  revision: string
  subject: string
  author: string
  stage: string
  reason: string
  /** When the pass began that ended with this event. */
  startedAtMs: number
}

/** Something that happened on this node and that may explain where a VIP is. */
export type NewEvent =
  | VrrpChange
  | { kind: 'gate'; open: boolean; reason: string }
  | { kind: 'score'; vip: string; from: number | null; to: number; reason: string }
  /** `vips` empty: all of them. `untilMs` null: until it is undone. */
  | { kind: 'drain'; vips: readonly string[]; on: boolean; untilMs: number | null; reason: string }
  /** Whether revisions are applied here. `untilMs` null: until it is undone. */
  | { kind: 'suspend'; on: boolean; untilMs: number | null; reason: string }
  | ReleaseEnd
  | { kind: 'daemon'; unit: 'haproxy' | 'keepalived'; what: 'died' | 'started' | 'hangs' | 'goes on'; reason: string }
  | { kind: 'agent'; what: 'started' | 'ended'; version: string }
  /** The wall clock was set: times before and after it do not compare. */
  | { kind: 'clock'; jumpMs: number }

export type TimelineEvent = { atMs: number } & NewEvent

/** What a line of the file must have to be taken for an event of its kind. */
const FIELDS: Readonly<Record<NewEvent['kind'], Readonly<Record<string, 'string' | 'number' | 'boolean'>>>> = {
  vrrp: { vip: 'string', address: 'string', from: 'string', to: 'string', priority: 'number', reason: 'string' },
  gate: { open: 'boolean', reason: 'string' },
  score: { vip: 'string', to: 'number', reason: 'string' },
  drain: { on: 'boolean', reason: 'string' },
  suspend: { on: 'boolean', reason: 'string' },
  release: {
    ...{ result: 'string', release: 'string', revision: 'string', subject: 'string' },
    ...{ author: 'string', stage: 'string', reason: 'string', startedAtMs: 'number' },
  },
  daemon: { unit: 'string', what: 'string', reason: 'string' },
  agent: { what: 'string', version: 'string' },
  clock: { jumpMs: 'number' },
}

/** One line of the file; undefined for half a line, a damaged one, or one of a version that knows more kinds. */
export function parseEvent(line: string): TimelineEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  const kind = fields['kind']
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind) || !Number.isFinite(fields['atMs'])) return undefined
  const wanted = Object.entries(FIELDS[kind as NewEvent['kind']])
  if (!wanted.every(([name, type]) => typeof fields[name] === type)) return undefined
  if (kind === 'drain' && !Array.isArray(fields['vips'])) return undefined
  return value as TimelineEvent
}

/** True when the event may explain where `vip` is: its own, and those of the whole node. */
export function concerns(event: NewEvent, vip: string): boolean {
  switch (event.kind) {
    case 'vrrp':
    case 'score':
      return event.vip === vip
    case 'drain':
      return event.vips.length === 0 || event.vips.includes(vip)
    case 'gate':
    case 'suspend':
    case 'release':
    case 'daemon':
    case 'agent':
    case 'clock':
      return true
    default:
      return event satisfies never
  }
}
