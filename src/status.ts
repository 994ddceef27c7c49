import type { Rejected } from './apply/apply-state.ts'
import type { ServerState } from './daemons/haproxy-state.ts'
import type { Drain } from './health/drains.ts'
import { FAULT_SCORE } from './health/score.ts'
import type { Drift } from './observe/drift.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import type { PassRecord } from './pass-record.ts'
import type { Trouble } from './troubles.ts'

/** What is true on this node now. Every `ageMs` says how old the fact beside it is. */
export type Status = {
  node: string
  version: string
  atMs: number
  agent: { pid: number; startedAtMs: number }
  /** The first thing that is wrong and what to do, or that nothing is. */
  headline: { well: boolean; text: string }
  applied: { release: string; revision: string; atMs: number } | null
  previous: string | null
  rejected: readonly Rejected[]
  /** The newest revision of the branch that this agent has seen. */
  desired: { revision: string; committedAtMs: number } | null
  /** `okAtMs`: epoch ms of the last time that the repository could be read; null when it never could. */
  fetch: {
    ok: boolean
    detail: string
    ageMs: number
    everyMs: number
    nextInMs: number
    okAtMs: number | null
  } | null
  lastPass: PassRecord | null
  /** `ageMs`: of the last look at HAProxy; null before the first. `fresh`: a look is not overdue. */
  gate: { open: boolean; reason: string; sinceMs: number; ageMs: number | null; fresh: boolean }
  vips: readonly VipStatus[]
  /** VIPs that are given away by hand; `vip` is missing when all are. */
  drains: readonly Drain[]
  /** What a person should mend, though this node goes on. */
  troubles: readonly Trouble[]
  haproxy:
    | { state: 'running'; pid: number; version: string; release: string; uptimeSec: number; ageMs: number }
    | { state: 'UNKNOWN'; reason: string; ageMs: number }
  /** `hanging`: it is there, but cannot work; then all its VIPs are UNKNOWN. */
  keepalived:
    | { state: 'running'; pid: number }
    | { state: 'hanging'; pid: number; reason: string }
    | { state: 'stopped'; reason: string }
  services: readonly ServiceStatus[]
  /** The other nodes, and whether their agents answered when they were last asked; null: not asked yet. */
  peers: readonly { name: string; address: string; up: boolean | null }[]
  drift: { files: readonly Drift[]; ageMs: number | null }
}

export type VipStatus = {
  name: string
  address: string
  state: 'MASTER' | 'BACKUP' | 'FAULT' | 'UNKNOWN'
  /** Epoch ms of the last change of `state`; null while it is UNKNOWN. */
  sinceMs: number | null
  effectivePriority: number | null
  /** Kernel truth: the address is on this node. */
  held: boolean
  /** Another node may answer for the address as well: its keepalived is dead or hangs and has left it here, or others say so. */
  duplicate: { others: readonly string[]; silent: readonly string[] } | null
  score: number | null
  scoreReason: string
}

export type ServiceStatus = {
  name: string
  vip: string
  address: string
  port: number
  /** null while HAProxy cannot be asked. */
  up: number | null
  total: number
  /** With fewer the service counts as lost (minimumServers). */
  minimum: number
  servers: readonly Pick<ServerState, 'name' | 'status' | 'up' | 'lastCheck' | 'currentSessions'>[]
}

/** Puts the status together from what is known already; no daemon is waited for. */
export async function statusOf(
  parts: Parts,
  passes: PassLog,
  agent: { version: string; startedAtMs: number; nextTryAtMs: number },
): Promise<Status> {
  const now = parts.now()
  const state = await parts.state.readState()
  const release = state.applied === null ? undefined : await parts.store.get(state.applied.release)
  const fact = parts.haproxy.latest()
  const fetch = passes.lastFetch()
  const desired = passes.desired()
  const verdict = parts.health.verdict()
  const lookedAtMs = parts.health.lookedAtMs()
  const driftAtMs = parts.drift.checkedAtMs()
  const status: Omit<Status, 'headline'> = {
    node: parts.config.node,
    version: agent.version,
    atMs: now,
    agent: { pid: process.pid, startedAtMs: agent.startedAtMs },
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
            ageMs: now - fetch.at,
            everyMs: parts.config.repository.everyMs,
            nextInMs: agent.nextTryAtMs - now,
            okAtMs: fetch.okAt ?? null,
          },
    lastPass: passes.lastTelling() ?? null,
    gate: {
      open: verdict.serving,
      reason: verdict.reason,
      sinceMs: verdict.sinceMs,
      ageMs: lookedAtMs === undefined ? null : now - lookedAtMs,
      fresh: now - (lookedAtMs ?? agent.startedAtMs) <= STALE_AFTER_MS + 2 * parts.config.health.everyMs,
    },
    vips: (release?.expectation.vips ?? []).map((vip) => vipStatus(parts, vip)),
    drains: parts.drains.all(),
    troubles: parts.troubles.list(),
    haproxy:
      fact.kind === 'known'
        ? { state: 'running', ...pick(fact.value), ageMs: now - fact.atMs }
        : { state: 'UNKNOWN', reason: fact.reason, ageMs: now - fact.atMs },
    keepalived: keepalivedStatus(parts),
    services: (release?.expectation.services ?? []).map((service) => {
      const servers =
        fact.kind === 'known' ? fact.value.servers.filter(({ backend }) => backend === service.backend) : []
      const { name, vip, address, port } = service
      const up = fact.kind === 'known' ? servers.filter((server) => server.up).length : null
      return { name, vip, address, port, up, total: service.servers, minimum: service.minimumServers, servers }
    }),
    peers: (release?.expectation.peers ?? []).map((peer) => ({ ...peer, up: parts.others.answers(peer.name) ?? null })),
    drift: { files: parts.drift.drifts(), ageMs: driftAtMs === undefined ? null : now - driftAtMs },
  }
  return { ...status, headline: headlineOf(status) }
}

function pick(value: { pid: number; version: string; release: string; uptimeSec: number }) {
  const { pid, version, release, uptimeSec } = value
  return { pid, version, release, uptimeSec }
}

function vipStatus(parts: Parts, vip: { name: string; address: string }): VipStatus {
  const running = parts.keepalived().kind === 'running'
  const known = parts.vrrp.get(vip.name)
  const score = parts.health.scores().find((entry) => entry.vip === vip.name)
  const held = parts.addresses().has(vip.address)
  const others = parts.others.of(vip.name) ?? { holders: [], silent: [] }
  return {
    name: vip.name,
    address: vip.address,
    state: known?.state ?? 'UNKNOWN',
    sinceMs: known?.sinceMs ?? null,
    effectivePriority: known?.priority ?? null,
    held,
    duplicate:
      held && (!running || others.holders.length > 0) ? { others: others.holders, silent: others.silent } : null,
    score: score?.score ?? null,
    scoreReason: score?.reason ?? 'not computed yet',
  }
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

function duplicateOf({ vips, keepalived }: Omit<Status, 'headline'>): string | undefined {
  const vip = vips.find(({ duplicate }) => duplicate !== null)
  if (vip === undefined || vip.duplicate === null) return undefined
  const { others, silent } = vip.duplicate
  const unheard = silent.length === 0 ? '' : ` (no answer from ${silent.join(', ')})`
  const too =
    others.length === 0 ? `another node may hold it too${unheard}` : `${others.join(' and ')} holds it too${unheard}`
  if (keepalived.state === 'stopped')
    return `DUPLICATE: keepalived is dead and has left ${vip.name} (${vip.address}) on this node; ${too}`
  return keepalived.state === 'hanging'
    ? `DUPLICATE: keepalived hangs (${keepalived.reason}) and leaves ${vip.name} (${vip.address}) on this node; ${too}`
    : `DUPLICATE: this node holds ${vip.name} (${vip.address}), and ${others.join(' and ')} does as well: do they hear each other's adverts?`
}

const STALE_AFTER_MS = 5_000

/** The most urgent truth first. */
function headlineOf(status: Omit<Status, 'headline'>): Status['headline'] {
  const bad = (text: string) => ({ well: false, text })
  const pass = status.lastPass?.result
  if (status.applied === null) {
    const why =
      status.fetch?.ok === false
        ? status.fetch.detail
        : pass !== undefined && 'reason' in pass
          ? pass.reason
          : 'no revision has been applied yet'
    return bad(`nothing is applied on this node: ${why}`)
  }
  const duplicate = duplicateOf(status)
  if (duplicate !== undefined) return bad(duplicate)
  if (!status.gate.open) return bad(`HAProxy does not serve, the gate is closed: ${status.gate.reason}`)
  if (status.keepalived.state === 'stopped') return bad(`keepalived is not running: ${status.keepalived.reason}`)
  if (status.keepalived.state === 'hanging') return bad(`keepalived hangs: ${status.keepalived.reason}`)
  if (!status.gate.fresh) return bad('the agent has not looked at HAProxy for a while: see its log')
  if (status.haproxy.state === 'UNKNOWN') return bad(`HAProxy serves, but cannot be asked: ${status.haproxy.reason}`)
  const bare = status.vips.find(({ state, held }) => state === 'MASTER' && !held)
  if (bare !== undefined) return bad(`keepalived is MASTER of ${bare.name}, but ${bare.address} is not on this node`)
  const fault = status.vips.find(({ state, score }) => state === 'FAULT' && score !== FAULT_SCORE)
  if (fault !== undefined) return bad(`VIP ${fault.name} is in FAULT on this node`)
  const empty = status.services.find(({ up }) => up === 0)
  if (empty !== undefined) return bad(`service ${empty.name} has no server up: see its servers below`)
  if (pass?.kind === 'stuck') return bad(`${pass.reason}: look at both daemons' logs`)
  if (status.drift.files.length > 0) {
    const files = status.drift.files.map(({ file, what }) => `${file} (${what})`).join(', ')
    return bad(`not what release ${status.applied.release} wrote: ${files}. To put it back: lb-agent sync --restore`)
  }
  if (status.fetch?.ok === false)
    return bad(`the repository cannot be read: ${status.fetch.detail}; ${status.applied.release} goes on serving`)
  if (pass?.kind === 'rejected' || pass?.kind === 'refused' || pass?.kind === 'failed') {
    return bad(`${pass.reason.split('\n')[0]}; ${status.applied.release} goes on serving`)
  }
  const unknown = status.vips.find(({ state }) => state === 'UNKNOWN')
  if (unknown !== undefined) return bad(`keepalived has not said how VIP ${unknown.name} is`)
  const trouble = status.troubles[0]
  if (trouble !== undefined) return bad(trouble.text)
  return { well: true, text: status.drains.length === 0 ? 'all is well' : 'all is well; drained by hand, see its VIPs' }
}
