import { setTimeout as sleep } from 'node:timers/promises'
import { answersAt } from './observe/answers-at.ts'
import type { Parts } from './parts.ts'
import { type Expectation, portsOf } from './render/expectation.ts'

export type DrainRequest = {
  /** undefined: all VIPs of this node. */
  vip: string | undefined
  /** undefined: until `undrain`. */
  forMs: number | undefined
  /** The host or the daemons are being stopped. */
  forStop: boolean
}

/** What the asker hears of a drain as it goes on; the last line has a `result`. */
export type DrainProgress = { held: readonly string[]; sessions: readonly Sessions[] } | { result: DrainResult }

/** Connections of one service that this node's HAProxy still serves. */
export type Sessions = { service: string; open: number }

export type DrainResult =
  | { kind: 'drained'; vips: readonly string[]; tookMs: number; sessions: readonly Sessions[] }
  /** The drain stands, but nobody took these. */
  | { kind: 'held'; vips: readonly string[]; reason: string }
  | { kind: 'failed'; reason: string }

export type UndrainResult = { kind: 'undrained'; ended: number } | { kind: 'failed'; reason: string }

const LOOK_EVERY_MS = 20
/** The asker takes a longer silence for an agent that hangs. */
const TELL_EVERY_MS = 1_000
const ANSWERS_WITHIN_MS = 2_000
/** A better node takes a VIP once it has missed what it accepts: a little more than three adverts. */
const ADVERTS = 5

/** Lowers the scores of the VIPs and waits until this node holds none of them: a better node takes each first. */
export async function drain(
  parts: Parts,
  { vip, forMs, forStop }: DrainRequest,
  onProgress: (progress: DrainProgress) => void,
  signal: AbortSignal,
): Promise<DrainResult> {
  const expectation = parts.expected.get()
  const unknown = whyUnknown(expectation, vip)
  if (unknown !== undefined) return { kind: 'failed', reason: unknown }
  const vips = (expectation?.vips ?? []).filter(({ name }) => vip === undefined || name === vip)
  try {
    await parts.drains.add(vip, { forMs, forStop })
  } catch (error) {
    return {
      kind: 'failed',
      reason: `the drain cannot be remembered: ${(error as Error).message}; nothing was changed`,
    }
  }
  parts.log.info({ about: 'drain', vip: vip ?? 'all', forMs, forStop }, 'drain begins')
  parts.timeline.add({
    kind: 'drain',
    vips: vip === undefined ? [] : [vip],
    on: true,
    untilMs: forMs === undefined ? null : parts.now() + forMs,
    reason: forStop ? 'the daemons are being stopped' : 'by hand',
  })
  parts.health.updateScores()

  const services = (expectation?.services ?? []).filter((service) => vips.some(({ name }) => name === service.vip))
  const held = (): string[] => {
    const addresses = parts.addresses()
    return vips.filter(({ address }) => addresses.has(address)).map(({ name }) => name)
  }
  const startedAt = performance.now()
  const deadline = startedAt + (expectation?.advertIntervalMs ?? 0) * ADVERTS + 2_000
  let last = ''
  let toldAt = Number.NEGATIVE_INFINITY
  for (;;) {
    const now = held()
    if (now.join() !== last || performance.now() - toldAt > TELL_EVERY_MS) {
      onProgress({ held: now, sessions: sessionsOf(parts, services) })
      toldAt = performance.now()
    }
    last = now.join()
    if (now.length === 0) break
    if (performance.now() > deadline || signal.aborted)
      return { kind: 'held', vips: now, reason: whyHeld(parts, now, vips) }
    await sleep(LOOK_EVERY_MS)
  }
  await parts.haproxy.refresh()
  const tookMs = Math.round(performance.now() - startedAt)
  const names = vips.map(({ name }) => name)
  return { kind: 'drained', vips: names, tookMs, sessions: sessionsOf(parts, services) }
}

/** Ends a drain, and the waiting of a recovered node; of a takeover only by the name of the VIP: where this node is preferred, it takes the VIPs back. */
export async function undrain(parts: Parts, vip: string | undefined): Promise<UndrainResult> {
  // One that a later release has taken away can still be undrained.
  const isDrained = parts.drains.all().some((entry) => entry.vip === vip)
  const unknown = isDrained ? undefined : whyUnknown(parts.expected.get(), vip)
  if (unknown !== undefined) return { kind: 'failed', reason: unknown }
  const overall = vip === undefined ? undefined : parts.drains.all().find((entry) => entry.vip === undefined)
  if (overall !== undefined) {
    return { kind: 'failed', reason: 'all VIPs of this node are drained; lb-agent undrain ends that for all of them' }
  }
  // Without a name it ends what a person has drained, and no more: two nodes would hold the VIP.
  const waits = vip !== undefined && parts.takeover.waiting().includes(vip)
  if (waits && (await isServed(parts, vip)))
    return {
      kind: 'failed',
      reason: `${vip} is left to the pair that holds it without lb-agent, and somebody answers at its address: both would hold it. Run lb-agent install on that node`,
    }
  try {
    if (waits) await parts.takeover.end([vip])
    const ended = await parts.drains.remove(vip)
    parts.health.endHoldDown(vip)
    parts.log.info({ about: 'drain', vip: vip ?? 'all', ended: ended.length }, 'drain ends')
    if (ended.length > 0) {
      const vips = ended.flatMap((entry) => (entry.vip === undefined ? [] : [entry.vip]))
      parts.timeline.add({ kind: 'drain', vips, on: false, untilMs: null, reason: 'by hand' })
    }
    return { kind: 'undrained', ended: ended.length }
  } catch (error) {
    return { kind: 'failed', reason: `the end of the drain cannot be remembered: ${(error as Error).message}` }
  }
}

/** Whether another machine answers at the VIP. */
async function isServed(parts: Parts, vip: string): Promise<boolean> {
  const expected = parts.expected.get()
  const address = expected?.vips.find(({ name }) => name === vip)?.address
  if (expected === undefined || address === undefined) return false
  return (await answersAt(address, portsOf(expected, vip), ANSWERS_WITHIN_MS)) === true
}

function whyUnknown(expectation: Expectation | undefined, vip: string | undefined): string | undefined {
  if (vip === undefined) return undefined
  const known = (expectation?.vips ?? []).map(({ name }) => name)
  if (known.includes(vip)) return undefined
  return `this node has no VIP ${vip}; it has ${known.length === 0 ? 'none yet' : known.join(', ')}`
}

function whyHeld(parts: Parts, held: readonly string[], vips: Expectation['vips']): string {
  const keepalived = parts.keepalived()
  if (keepalived.kind === 'hanging')
    return `keepalived hangs and cannot give them up: ${keepalived.reason}; another node may have taken them as well`
  const alone = vips.find(({ name, prefer }) => held.includes(name) && prefer.length === 1)
  if (alone !== undefined) return `no other node may hold ${alone.name}: it is alone in its prefer`
  return 'no other node with servers took it; this node goes on serving, and gives it away as soon as one does'
}

function sessionsOf(parts: Parts, services: Expectation['services']): Sessions[] {
  const fact = parts.haproxy.latest()
  if (fact.kind === 'unknown') return []
  return services.map(({ name, backend }) => {
    const mine = fact.value.servers.filter((server) => server.backend === backend)
    return { service: name, open: mine.reduce((total, { currentSessions }) => total + currentSessions, 0) }
  })
}
