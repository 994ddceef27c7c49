import type { Position } from '../spec/problem.ts'
import type { Contribution, Term, Tracker } from './model.ts'

/** agent.yaml's defaults (health): how HAProxy is probed. */
const PROBE = { everyMs: 100, timeoutMs: 150, fall: 2 }
/** The agent asks HAProxy for its servers that often. */
const ASKS_EVERY_MS = 500
/** `check` of the launcher, in keepalived.conf.j2: a second look after 0.6 s, and at most 2 s. */
const CHECK = { intervalMs: 1000, timeoutMs: 2000 }

const DEAD: readonly Term[] = [
  { what: `the next probe of HAProxy (its closed connection mostly tells at once)`, ms: PROBE.everyMs },
]
const HUNG: readonly Term[] = [
  {
    what: `${PROBE.fall} probes of HAProxy without an answer within ${PROBE.timeoutMs} ms`,
    ms: PROBE.fall * (PROBE.everyMs + PROBE.timeoutMs),
  },
]

/** keepalived's unit has Restart=always, RestartSec=100ms (systemd/keepalived.service.d); embedded does the same. */
export const RESTARTS_KEEPALIVED: readonly Term[] = [
  { what: 'keepalived is started again and takes off what it left behind', ms: 1000 },
]

export type AgentFollows = { at: Position; serversLost: readonly Term[] | undefined }

/** The three things that every instance of lb-agent's keepalived.conf follows (templates/keepalived.conf.j2). */
export function agentTrackers(vip: string, { at, serversLost }: AgentFollows): Tracker[] {
  return [gateTracker(at), scoreTracker(vip, at, serversLost), checkTracker(at)]
}

/** `weight 0 reverse`: 0, empty or missing is FAULT. */
export function gateTracker(at: Position): Tracker {
  const under = { 'haproxy-dead': faultAfter(DEAD), 'haproxy-hung': faultAfter(HUNG) }
  return { name: 'gate', what: 'file', at, healthy: 0, under, unknown: undefined }
}

/** `weight 1`: 100 when all is well, 0 without servers. `serversLost`: until the agent admits it; undefined: it has none to lose. */
export function scoreTracker(vip: string, at: Position, serversLost: readonly Term[] | undefined): Tracker {
  const under: Tracker['under'] =
    serversLost === undefined ? {} : { 'servers-lost': { contribution: 0, terms: serversLost } }
  return { name: `score-${vip}`, what: 'file', at, healthy: 100, under, unknown: undefined }
}

export function checkTracker(at: Position): Tracker {
  const terms = [
    { what: 'the time until the next check', ms: CHECK.intervalMs },
    { what: 'a check that gets no answer', ms: CHECK.timeoutMs },
  ]
  const under = { 'haproxy-dead': faultAfter(terms), 'haproxy-hung': faultAfter(terms) }
  return { name: 'haproxy_serves', what: 'script', at, healthy: 0, under, unknown: undefined }
}

/**
 * HAProxy's own checks, then the agent's look at them, then the damping: an outage that all nodes see moves nothing. `dampingMs`: the
 * one in force, which is longer than `writtenMs` where the checks are slow (render/expectation.ts).
 */
export function serversLostTerms(
  services: readonly CheckRhythm[],
  { dampingMs, writtenMs }: { dampingMs: number; writtenMs: number },
): readonly Term[] | undefined {
  const slowest = [...services].sort((a, b) => checkMs(b) - checkMs(a))[0]
  if (slowest === undefined) return undefined
  const { fall, intervalMs } = slowest
  return [
    { what: 'the time until the next check of the servers', ms: intervalMs },
    {
      what: `${fall} check${fall === 1 ? '' : 's'} without an answer within ${intervalMs} ms`,
      ms: checkMs(slowest) - intervalMs,
    },
    { what: 'the agent asks HAProxy', ms: ASKS_EVERY_MS },
    { what: dampingMs > writtenMs ? STRETCHED : 'damping', ms: dampingMs },
  ]
}

/** So that all nodes have noticed an outage that they share. */
const STRETCHED = 'damping, no less than the longest interval of a check and 1 s'

type CheckRhythm = { fall: number; intervalMs: number }

/** A check that nobody answers ends with its interval (HAProxy configuration.txt, `inter`). */
function checkMs({ fall, intervalMs }: CheckRhythm): number {
  return (fall + 1) * intervalMs
}

function faultAfter(terms: readonly Term[]): { contribution: Contribution; terms: readonly Term[] } {
  return { contribution: 'FAULT', terms }
}
