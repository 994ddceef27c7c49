import type * as z from 'zod'
import type { ServerState } from './daemons/haproxy-state.ts'
import { headlineOf, logsOf } from './headline.ts'
import type { Drain } from './health/drains.ts'
import { ageOf } from './observe/observer.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import type { statusSchema } from './report/status-schema.ts'
import { age, timeOfDay } from './time-text.ts'
import { tellEvents } from './timeline/tell.ts'

/** What is true on this node now; what each field means is in its schema. Every `ageMs` says how old the fact beside it is. */
export type Status = z.infer<typeof statusSchema>
export type VipStatus = Status['vips'][number]
export type ServiceStatus = Status['services'][number]
type Move = Status['moves'][number]

const STALE_AFTER_MS = 5_000

/** Puts the status together from what is known already: no daemon is waited for, and no disk. */
export function statusOf(
  parts: Parts,
  passes: PassLog,
  agent: { version: string; onDisk: string | null; startedAtMs: number; nextInMs: number },
): Status {
  const now = parts.now()
  const state = parts.state.current()
  const expected = parts.expected.get()
  const fact = parts.haproxy.latest()
  const servers = Map.groupBy(fact.kind === 'known' ? fact.value.servers : [], ({ backend }) => backend)
  const fetch = passes.lastFetch()
  const desired = passes.desired()
  const verdict = parts.health.verdict()
  const suspension = parts.suspensions.current()
  const lookAgeMs = parts.health.lookAgeMs()
  const workers = parts.haproxyOldWorkers()
  const oldWorkers = workers.kind === 'known' ? { count: workers.value.oldWorkers, ageMs: ageOf(workers) } : null
  const vips = expected?.vips ?? []
  const status: Omit<Status, 'headline'> = {
    format: 1,
    node: parts.config.node,
    version: agent.version,
    atMs: now,
    agent: { pid: process.pid, startedAtMs: agent.startedAtMs, onDisk: agent.onDisk },
    applied: state.applied,
    previous: state.previous,
    rejected: state.rejected,
    desired: desired === undefined ? null : { revision: desired.sha, committedAtMs: desired.committedAtMs },
    fetch:
      fetch === undefined
        ? null
        : {
            ok: fetch.ok,
            detail: fetch.detail,
            ageMs: ageOf(fetch),
            everyMs: parts.config.repository.everyMs,
            nextInMs: agent.nextInMs,
            okAtMs: fetch.okAt ?? null,
          },
    suspended:
      suspension === undefined
        ? null
        : { sinceMs: suspension.since, untilMs: suspension.until, reason: suspension.reason },
    lastPass: passes.lastTelling() ?? null,
    gate: {
      open: verdict.serving,
      reason: verdict.reason,
      sinceMs: verdict.sinceMs,
      ageMs: lookAgeMs ?? null,
      // Without a look, since this process began.
      fresh: (lookAgeMs ?? performance.now()) <= STALE_AFTER_MS + 2 * parts.config.health.everyMs,
    },
    vips: vips.map((vip) => vipStatus(parts, vip)),
    moves: movesOf(parts),
    drains: parts.drains.all().map(drainStatus),
    troubles: parts.troubles.list(),
    haproxy:
      fact.kind === 'known'
        ? { state: 'running', ...pick(fact.value), ageMs: ageOf(fact), oldWorkers }
        : { state: 'UNKNOWN', reason: fact.reason, ageMs: ageOf(fact), oldWorkers },
    keepalived: keepalivedStatus(parts),
    services: (expected?.services ?? []).map((service) => {
      const mine = servers.get(service.backend) ?? []
      const { name, vip, address, port } = service
      const up = fact.kind === 'known' ? mine.filter((server) => server.up).length : null
      return {
        name,
        vip,
        address,
        port,
        up,
        total: service.servers,
        minimum: service.minimumServers,
        servers: mine.map(serverStatus),
      }
    }),
    peers: (expected?.peers ?? []).map((peer) => peerStatus(parts, peer, vips)),
    drift: { files: parts.drift.drifts(), ageMs: parts.drift.ageMs() ?? null },
  }
  return { ...status, headline: headlineOf(status, logsOf(parts.config)) }
}

function pick(value: { pid: number; version: string; release: string; uptimeSec: number }) {
  const { pid, version, release, uptimeSec } = value
  return { pid, version, release, uptimeSec }
}

function drainStatus({ vip, since, until, forStop }: Drain): Status['drains'][number] {
  return { vip: vip ?? null, sinceMs: since, untilMs: until, forStop }
}

function serverStatus({ name, status, up, checked, lastCheck, currentSessions }: ServerState) {
  return { name, status, up, checked, lastCheck, currentSessions }
}

function peerStatus(
  parts: Parts,
  { name, address }: { name: string; address: string },
  vips: readonly { name: string; address: string }[],
): Status['peers'][number] {
  const said = parts.others.said(name)
  if (said === undefined) return { name, address, up: null, reason: null, holds: [], ageMs: null }
  const { ageMs } = said
  if (said.kind === 'silent') return { name, address, up: false, reason: said.reason, holds: [], ageMs }
  const holds = vips.filter((vip) => said.addresses.has(vip.address)).map((vip) => vip.name)
  return { name, address, up: true, reason: null, holds, ageMs }
}

function vipStatus(parts: Parts, vip: { name: string; address: string }): VipStatus {
  const running = parts.keepalived().kind === 'running'
  const known = parts.vrrp.get(vip.name)
  const score = parts.health.scores().find((entry) => entry.vip === vip.name)
  const held = parts.addresses().has(vip.address)
  const others = parts.others.of(vip.name) ?? { holders: [], silent: [], ageMs: null }
  return {
    name: vip.name,
    address: vip.address,
    state: known?.state ?? 'UNKNOWN',
    sinceMs: known?.sinceMs ?? null,
    effectivePriority: known?.priority ?? null,
    held,
    duplicate:
      held && (!running || others.holders.length > 0)
        ? { others: others.holders, silent: others.silent, ageMs: others.ageMs }
        : null,
    score: score?.score ?? null,
    scoreReason: score?.reason ?? 'not computed yet',
    scoreCause: score?.cause ?? null,
  }
}

/** Of so many events: what explains a move is among those shortly before it. */
const EVENTS = 60
const MOVES = 5

function movesOf(parts: Parts): Move[] {
  return tellEvents(parts.timeline.latest(EVENTS), { time: timeOfDay, span: age })
    .flatMap(({ atMs, vip, text }) => (vip === undefined ? [] : [{ atMs, vip, text }]))
    .slice(-MOVES)
    .reverse()
}

function keepalivedStatus(parts: Parts): Status['keepalived'] {
  const found = parts.keepalived()
  switch (found.kind) {
    case 'running':
      return { state: found.kind, pid: found.pid }
    case 'hanging':
      return { state: found.kind, pid: found.pid, reason: found.reason }
    case 'stopped':
      return { state: found.kind, reason: found.reason }
    default:
      return found satisfies never
  }
}
