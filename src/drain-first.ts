import { setTimeout as sleep } from 'node:timers/promises'
import type { HandOver } from './apply/apply-release.ts'
import type { Drop } from './apply/dropped-vips.ts'
import type { Release } from './apply/release.ts'
import { ok } from './apply/stage-record.ts'
import type { Parts } from './parts.ts'
import { askWhoChanges, holderAmong, isNobodys, whoIsLate } from './peers-change.ts'
import type { Expectation, ExpectedVip } from './render/expectation.ts'

const LOOK_EVERY_MS = 20
const ASK_EVERY_MS = 200
/** A better node takes a VIP once it has missed what it accepts: a little more than three adverts. */
const ADVERTS = 5
const TAKEN_WITHIN_MS = 2_000
/** A node that has seen a revision has it live, or has rejected it, within this; and nobody is waited for longer than that. */
const APPLIES_WITHIN_MS = 10_000
const LONGEST_TURN_MS = 60_000

/** `by hand`: a person has told this node alone; the others do not follow. */
type Options = {
  /** The releases of which keepalived may run one. */
  between: readonly (Release | undefined)[]
  to: Release
  revision: string
  cause: 'revision' | 'by hand'
  /** Told to who waits for the pass. */
  onWait(reason: string): void
}
type Given = Pick<Parts, 'drains' | 'health' | 'addresses' | 'askPeer' | 'log' | 'config'>

/** What is expected of a node on its way: a VIP that `to` lacks has a score until it is gone, as it may be given away first. */
export function expectedMeanwhile(between: Options['between'], { expectation }: Release): Expectation {
  const leaving = new Map(between.flatMap((release) => release?.expectation.vips ?? []).map((vip) => [vip.name, vip]))
  for (const { name } of expectation.vips) leaving.delete(name)
  return { ...expectation, vips: [...expectation.vips, ...leaving.values()] }
}

/**
 * What keepalived would drop is given away before it is told. Of nodes that do not hear each other while they change, the one that
 * holds the VIP goes last: the others, which hold nothing, run for it among themselves, and only once one of them has it too this
 * node drops it. A node that went first would hand it to one that is about to drop it as well.
 */
export function createHandOver(parts: Given, options: Options): HandOver {
  const expected = [...options.between, options.to].flatMap((release) => release?.expectation ?? [])
  return {
    begin: async (drops, signal) => {
      const held = heldOf(parts, expected, drops)
      if (held.length === 0) return ok(undefined, `this node does not hold ${names(drops)}`)
      const why = `keepalived would drop ${held.map(({ vip, drop }) => `${vip.name} (${drop.why})`).join(', ')}`
      const others = othersOf(expected, held)
      if (others.length === 0) return ok(undefined, `${why}, and no other node may hold it`)
      const turn = await waitForTurn(parts, drops, { ...options, others, expected }, signal)
      parts.drains.whileChanging(held.map(({ vip }) => vip.name))
      parts.health.updateScores()
      const told = await waitUntilTaken(parts, { held, others, expected }, signal)
      return ok(undefined, [why, ...turn, told].join('; '))
    },
    end: () => {
      parts.drains.whileChanging([])
      parts.health.expect(options.to.expectation)
    },
  }
}

type Held = { vip: ExpectedVip; drop: Drop }

function heldOf(parts: Given, expected: readonly Expectation[], drops: readonly Drop[]): Held[] {
  const addresses = parts.addresses()
  return drops.flatMap((drop): Held[] => {
    const vip = vipsOf(expected, [drop]).find(({ address }) => addresses.has(address))
    return vip === undefined ? [] : [{ vip, drop }]
  })
}

function vipsOf(expected: readonly Expectation[], drops: readonly Drop[]): ExpectedVip[] {
  return expected.flatMap(({ vips }) => vips.filter(({ name }) => drops.some(({ vip }) => vip === name)))
}

/** The other nodes that may hold what this one holds. */
function othersOf(expected: readonly Expectation[], held: readonly Held[]): Expectation['peers'] {
  const known = new Map(expected.flatMap(({ peers }) => peers).map((peer) => [peer.name, peer]))
  return [...known.values()].filter(({ name }) => held.some(({ vip }) => vip.prefer.includes(name)))
}

/** Waits until the others run the revision or will not, where the two would not hear each other. What to tell of it. */
async function waitForTurn(
  parts: Given,
  drops: readonly Drop[],
  { others, expected, revision, cause, onWait }: Pick<Options, 'revision' | 'cause' | 'onWait'> & Omit<Taking, 'held'>,
  signal: AbortSignal,
): Promise<string[]> {
  if (cause === 'by hand' || !drops.some(({ apart }) => apart)) return []
  const { node, repository } = parts.config
  const addresses = vipsOf(expected, drops).map(({ address }) => address)
  const longestMs = Math.min(LONGEST_TURN_MS, repository.everyMs + APPLIES_WITHIN_MS)
  const startedAt = performance.now()
  for (let told = false; ; told = true) {
    const late = whoIsLate(await askWhoChanges(others, parts.askPeer), { revision, node, addresses })
    if (late.length === 0 || signal.aborted) return []
    if (performance.now() - startedAt > longestMs)
      return [`${late.join(' and ')} did not change within ${Math.round(longestMs / 1_000)} s`]
    if (!told) {
      parts.log.info({ about: 'change', nodes: late }, 'waits until the other nodes have changed')
      onWait(
        `waits until ${late.join(' and ')} runs it, for at most ${Math.round(longestMs / 1_000)} s: this node holds a VIP, and goes last`,
      )
    }
    await sleep(ASK_EVERY_MS)
  }
}

type Taking = { held: readonly Held[]; others: Expectation['peers']; expected: readonly Expectation[] }

/** Waits until this node holds none of them, or another one holds all that are left; says how that ended. */
async function waitUntilTaken(parts: Given, { held, others, expected }: Taking, signal: AbortSignal): Promise<string> {
  const startedAt = performance.now()
  const deadline =
    startedAt + Math.max(0, ...expected.map(({ advertIntervalMs }) => advertIntervalMs)) * ADVERTS + TAKEN_WITHIN_MS
  let askedAt = Number.NEGATIVE_INFINITY
  for (;;) {
    const addresses = parts.addresses()
    const left = held.filter(({ vip }) => addresses.has(vip.address))
    if (left.length === 0) return `another node has it after ${tookSince(startedAt)}`
    if (performance.now() - askedAt > ASK_EVERY_MS) {
      const views = await askWhoChanges(others, parts.askPeer)
      askedAt = performance.now()
      const nobodys = left.filter(({ vip }) => isNobodys(views, vip.address))
      if (nobodys.length === left.length) return `no other node has ${listed(nobodys)} any more`
      const holders = left.map(({ vip }) => holderAmong(views, vip.address))
      if (holders.every((holder) => holder !== undefined))
        return `${[...new Set(holders)].join(' and ')} has it as well after ${tookSince(startedAt)}`
    }
    if (performance.now() > deadline || signal.aborted) {
      parts.drains.whileChanging(held.filter((one) => !left.includes(one)).map(({ vip }) => vip.name))
      parts.health.updateScores()
      return `no other node took ${listed(left)} within ${tookSince(startedAt)}: it is away for a moment`
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function listed(held: readonly Held[]): string {
  return held.map(({ vip }) => vip.name).join(', ')
}

function tookSince(startedAt: number): string {
  return `${Math.round(performance.now() - startedAt)} ms`
}

function names(drops: readonly Drop[]): string {
  return drops.map(({ vip }) => vip).join(', ')
}
