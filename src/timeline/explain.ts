import { concerns, type NewEvent, type TimelineEvent, type VrrpState } from './event.ts'
import { type KeepalivedSaid, type Said, whatKeepalivedSaid } from './keepalived-said.ts'

export type Situation = {
  vip: string
  from: VrrpState
  to: VrrpState
  atMs: number
  /** Newest events of this node, oldest first. */
  recent: readonly TimelineEvent[]
  /** What keepalived printed lately; undefined where the agent cannot read it. */
  printed: readonly string[] | undefined
  /** A node's name by its address. */
  nodeAt(address: string): string | undefined
  /** undefined before a release is applied. */
  advertIntervalMs: number | undefined
}

export type Explanation = { reason: string; peer?: string }

/** An event this much older is no reason: hold-down's end and a reload take this long at most … */
const CAUSE_WITHIN_MS = 5_000
/** … and a silence of three adverts and its skew (RFC 5798 §6.1) in a slow cluster longer. */
const CAUSE_WITHIN_ADVERTS = 5
const JOURNAL = 'the agent cannot read keepalived’s log here: journalctl -u keepalived has the rest'

/**
 * Why a VIP changed its state, as this node knows it: its own gate, scores and daemons first, then what keepalived said.
 * Says so when it does not know.
 */
export function explain(situation: Situation): Explanation {
  const { vip, to, atMs, printed, advertIntervalMs = 0 } = situation
  const withinMs = Math.max(CAUSE_WITHIN_MS, CAUSE_WITHIN_ADVERTS * advertIntervalMs)
  const causes = situation.recent
    .filter((event) => concerns(event, vip) && Math.abs(atMs - event.atMs) <= withinMs)
    .toReversed()
  const heard: KeepalivedSaid =
    printed === undefined ? { said: undefined, fresh: false } : whatKeepalivedSaid(printed, vip, to)
  const parts = { ...situation, causes, ...heard }
  switch (to) {
    case 'MASTER':
      return becameMaster(parts)
    case 'BACKUP':
      return becameBackup(parts)
    case 'FAULT':
      return becameFault(parts)
    case 'UNKNOWN':
      if (heard.said?.kind === 'stopping') return { reason: 'keepalived was stopped' }
      return { reason: keepalivedEnd(causes) ?? 'keepalived has ended, or its file no longer has this VIP' }
    default:
      return to satisfies never
  }
}

type Parts = Situation & KeepalivedSaid & { causes: readonly TimelineEvent[] }

function becameMaster({ causes, said, fresh, printed, nodeAt, advertIntervalMs }: Parts): Explanation {
  const own = ownRise(causes)
  switch (said?.kind) {
    case 'holder gave up':
      return { reason: 'its holder gave it up (priority 0)' }
    case 'lower advert': {
      const peer = nodeAt(said.address) ?? said.address
      if (own !== undefined) return { reason: `${own}; ${peer} has the lower priority (${said.priority})`, peer }
      return fresh
        ? { reason: `this node is back, and ${peer} has the lower priority (${said.priority})`, peer }
        : { reason: `the priority of its holder ${peer} fell to ${said.priority}, below ours`, peer }
    }
    case 'silence': {
      const span = advertIntervalMs === undefined ? 'in time' : `for ${3 * advertIntervalMs} ms`
      return {
        reason: fresh ? 'this node has begun anew and heard no other holder' : `no advert from its holder ${span}`,
      }
    }
    default:
      if (own !== undefined) return { reason: own }
      return { reason: `nothing on this node caused it; ${unread(printed)}` }
  }
}

function becameBackup({ from, causes, said, printed, nodeAt }: Parts): Explanation {
  if (from === 'FAULT') return leftFault(causes, said)
  const end = keepalivedEnd(causes)
  if (from === 'UNKNOWN') return { reason: end ?? 'the first that keepalived said of it' }
  const own = ownFall(causes)
  if (said?.kind === 'higher advert') {
    const peer = nodeAt(said.address) ?? said.address
    const higher = `${peer} has the higher priority (${said.priority} against ${said.ours})`
    return { reason: own === undefined ? higher : `${own}; ${higher}`, peer }
  }
  // A keepalived that has died is held back when it is started again: that is not why it lost the VIP.
  return { reason: keepalivedDeath(causes) ?? own ?? end ?? `another node has taken it; ${unread(printed)}` }
}

function leftFault(causes: readonly TimelineEvent[], said: Said | undefined): Explanation {
  const gate = newest(causes, 'gate')
  if (gate?.open === true) return { reason: `gate opened: ${gate.reason}` }
  if (said?.kind === 'interface' && said.up) return { reason: `interface ${said.name} is up again` }
  if (said?.kind === 'script') return { reason: `keepalived’s own check ${said.name} ${said.how}` }
  return { reason: said?.kind === 'gate file' ? 'the gate file says open' : 'what held it in FAULT is gone' }
}

function becameFault({ vip, from, causes, said, printed, recent }: Parts): Explanation {
  const gate = newest(causes, 'gate')
  if (gate?.open === false) return { reason: `gate closed: ${gate.reason}` }
  if (said?.kind === 'interface') return { reason: `interface ${said.name} went down` }
  if (said?.kind === 'script') return { reason: `keepalived’s own check ${said.name} ${said.how}` }
  const last = newest(recent.toReversed(), 'gate')
  if (from === 'UNKNOWN' && last?.open === false)
    return { reason: `keepalived began behind a closed gate: ${last.reason}` }
  const score = newest(recent.filter((event) => concerns(event, vip)).toReversed(), 'score')
  // A score below 0 is how the agent holds a VIP back.
  if (score !== undefined && score.to < 0) return { reason: score.reason }
  if (said?.kind === 'gate file') return { reason: 'the gate file says closed' }
  return { reason: `the gate was open as far as the agent knows; ${unread(printed)}` }
}

/** What on this node would raise its priority, newest first. */
function ownRise(causes: readonly TimelineEvent[]): string | undefined {
  for (const event of causes) {
    if (event.kind === 'score' && event.to > (event.from ?? 0)) return scoreText(event)
    if (event.kind === 'gate' && event.open) return `gate opened: ${event.reason}`
    if (event.kind === 'drain' && !event.on) return `no longer drained: ${event.reason}`
    if (event.kind === 'daemon' && event.unit === 'keepalived') return daemonText(event)
  }
  return undefined
}

function ownFall(causes: readonly TimelineEvent[]): string | undefined {
  for (const event of causes) {
    if (event.kind === 'score' && event.to < (event.from ?? 100)) return scoreText(event)
    if (event.kind === 'drain' && event.on) return `drained: ${event.reason}`
  }
  return undefined
}

function keepalivedEnd(causes: readonly TimelineEvent[]): string | undefined {
  const last = causes.find((event) => event.kind === 'daemon' && event.unit === 'keepalived')
  return keepalivedDeath(causes) ?? (last?.kind === 'daemon' ? daemonText(last) : undefined)
}

/** When it died again while it was started anew, the first death is the cause. */
function keepalivedDeath(causes: readonly TimelineEvent[]): string | undefined {
  const deaths = causes.flatMap((event) =>
    event.kind === 'daemon' && event.unit === 'keepalived' && event.what === 'died' ? [event] : [],
  )
  const first = deaths.at(-1)
  return first === undefined ? undefined : daemonText(first)
}

function daemonText(event: Extract<NewEvent, { kind: 'daemon' }>): string {
  switch (event.what) {
    case 'died':
      return `keepalived died: ${event.reason}`
    case 'started':
      return 'keepalived started'
    case 'hangs':
      return `keepalived hung: ${event.reason}`
    case 'goes on':
      return 'keepalived had hung and goes on'
    default:
      return event.what satisfies never
  }
}

function scoreText(event: Extract<NewEvent, { kind: 'score' }>): string {
  return `score ${event.from ?? 'unknown'} -> ${event.to}: ${event.reason}`
}

function newest<K extends NewEvent['kind']>(
  newestFirst: readonly TimelineEvent[],
  kind: K,
): Extract<TimelineEvent, { kind: K }> | undefined {
  return newestFirst.find((event): event is Extract<TimelineEvent, { kind: K }> => event.kind === kind)
}

function unread(printed: readonly string[] | undefined): string {
  return printed === undefined ? JOURNAL : 'keepalived’s log does not say why'
}
