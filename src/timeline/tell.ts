import type { TimelineEvent, VrrpState } from './event.ts'

/** What the agent answers to `why`: one VIP now, and what happened to it on this node. */
export type Why = {
  node: string
  vip: string
  address: string
  state: VrrpState
  /** Epoch ms of the last change of `state`; null while it is not known. */
  sinceMs: number | null
  /** Kernel truth: the address is on this node. */
  held: boolean
  atMs: number
  /** Oldest first: this VIP's events and those of the whole node. */
  events: readonly TimelineEvent[]
}

export type Words = {
  /** A time of day and date as a person reads it. */
  time(atMs: number): string
  /** `12 s`, `3 h`. */
  span(ms: number): string
}

type VrrpEvent = Extract<TimelineEvent, { kind: 'vrrp' }>
type ReleaseEvent = Extract<TimelineEvent, { kind: 'release' }>

/** keepalived tells a move a little after the release that caused it was done. */
const AFTER_RELEASE_MS = 1_000

/**
 * The story of one VIP as lines of text: who holds it first, then the newest `last` events, newest last. What they are told
 * of (how long it was held, who has it now) may lie before them.
 */
export function tell(why: Why, words: Words, last = Number.POSITIVE_INFINITY): string[] {
  const lines = tellEvents(why.events, words)
    .slice(-last)
    .map(({ atMs, text }) => `${words.time(atMs)}  ${text}`)
  return [headline(why, words), '', ...(lines.length === 0 ? ['nothing is known of it on this node yet'] : lines)]
}

/** Each event in words, in the order given (oldest first). */
export function tellEvents(
  events: readonly TimelineEvent[],
  words: Words,
): { atMs: number; kind: TimelineEvent['kind']; vip: string | undefined; text: string }[] {
  const releases = events.filter((event): event is ReleaseEvent => event.kind === 'release')
  const held = new Map<string, VrrpEvent>()
  return events.map((event) => {
    const vip = event.kind === 'vrrp' ? event.vip : undefined
    const text = tellEvent(event, { held: held.get(vip ?? ''), releases, words })
    if (event.kind === 'vrrp') {
      if (event.to === 'MASTER') held.set(event.vip, event)
      else held.delete(event.vip)
    }
    return { atMs: event.atMs, kind: event.kind, vip, text }
  })
}

function headline(why: Why, { time, span }: Words): string {
  const { node, state, sinceMs, held, atMs } = why
  const been = sinceMs === null ? 'is' : 'has been'
  const since = sinceMs === null ? '' : ` since ${time(sinceMs)} (${span(Math.max(0, atMs - sinceMs))})`
  const what = `VIP ${why.vip}${why.address === '' ? '' : ` (${why.address})`}`
  if (state === 'MASTER') {
    const doubt = held ? '' : '; but the address is not on this node'
    return `${what} ${been} held by this node, ${node}${since === '' ? '' : `,${since}`}${doubt}`
  }
  const last = why.events.findLast((event) => event.kind === 'vrrp')
  const holder =
    state === 'BACKUP' && last?.kind === 'vrrp' && last.to === 'BACKUP' && last.peer !== undefined
      ? `it went to ${last.peer}`
      : 'who holds it is not known here: ask the other nodes'
  const told = state === 'UNKNOWN' ? 'has not been told of it by keepalived' : `${been} ${state}${since}`
  return `${what} is not held by this node: ${node} ${told}${held ? '; but the address is on this node' : ''}; ${holder}`
}

type Context = { held: VrrpEvent | undefined; releases: readonly ReleaseEvent[]; words: Words }

function tellEvent(event: TimelineEvent, context: Context): string {
  switch (event.kind) {
    case 'vrrp':
      return tellMove(event, context)
    case 'gate':
      return `gate ${event.open ? 'opened' : 'closed'}: ${event.reason}`
    case 'score':
      return `score of ${event.vip} ${event.from ?? 'unknown'} -> ${event.to}: ${event.reason}`
    case 'drain': {
      const which = event.vips.length === 0 ? 'all VIPs' : event.vips.join(', ')
      const until = event.untilMs === null ? '' : `, until ${context.words.time(event.untilMs)}`
      return `${which} ${event.on ? `drained${until}` : 'no longer drained'}: ${event.reason}`
    }
    case 'suspend': {
      const until = event.untilMs === null ? '' : ` until ${context.words.time(event.untilMs)}`
      const why = event.reason === '' ? '' : `: ${event.reason}`
      return event.on ? `suspended${until}, revisions are not applied here${why}` : `resumed${why}`
    }
    case 'release':
      return tellRelease(event)
    case 'daemon':
      return `${event.unit} ${event.what}${event.reason === '' ? '' : `: ${event.reason}`}`
    case 'agent':
      return `lb-agent ${event.version} ${event.what}`
    case 'clock':
      return `the clock was set ${event.jumpMs < 0 ? 'back' : 'forward'} by ${context.words.span(Math.abs(event.jumpMs))}`
    default:
      return event satisfies never
  }
}

function tellMove(event: VrrpEvent, { held, releases, words }: Context): string {
  const lasted = event.from === 'MASTER' && held !== undefined ? event.atMs - held.atMs : undefined
  const after = lasted === undefined || lasted < 0 ? '' : `, held it for ${words.span(lasted)}`
  const verb = event.to === 'MASTER' ? 'took it' : event.from === 'MASTER' ? 'gave it up' : 'stays without it'
  // An election of its own start comes first as BACKUP, whoever wins it.
  const told = event.to === 'BACKUP' && event.from !== 'MASTER' ? 'stands by' : verb
  const release = releases.find(
    ({ startedAtMs, atMs }) => startedAtMs <= event.atMs && event.atMs <= atMs + AFTER_RELEASE_MS,
  )
  const commit = release === undefined ? '' : ` (while ${commitOf(release)} was put live: ${release.result})`
  return `${event.from} -> ${event.to}: ${told}${after}: ${event.reason}${commit}`
}

function tellRelease(event: ReleaseEvent): string {
  const commit = commitOf(event)
  switch (event.result) {
    case 'applied':
      return `${commit} applied as release ${event.release}${event.reason === '' ? '' : ` (${event.reason})`}`
    case 'rolled back':
    case 'rejected':
      return `${commit} ${event.result} at ${event.stage}: ${firstLine(event.reason)}`
    default:
      return `${commit} ${event.result satisfies never}`
  }
}

function commitOf({ revision, subject, author }: ReleaseEvent): string {
  const name = revision === '' ? 'hand-written files' : `commit ${revision.slice(0, 12)}`
  return subject === '' ? name : `${name} "${subject}" by ${author}`
}

/** A revision can have many problems; `status` and its log list them all. */
function firstLine(text: string): string {
  const [first = '', ...more] = text.split('\n')
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}
