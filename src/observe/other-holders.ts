import * as z from 'zod'
import type { AskPeer, Peer } from '../ask-peer.ts'

/** A VIP that this node has. `suspect`: its keepalived does not say that it is MASTER. */
export type HeldVip = { name: string; address: string; suspect: boolean }

/**
 * Who else has a VIP that this node has, as they say themselves. `silent`: nodes that did not answer. `steadyMs`: when they
 * were asked, by `performance.now()`.
 */
export type Others = { holders: readonly string[]; silent: readonly string[]; steadyMs: number }

export type OtherHolders = {
  /** Undefined unless the VIP was asked for in the last seconds. */
  of(vip: string): Others | undefined
  /** Whether the agent of that node answered when it was last asked; undefined when that is long ago. */
  answers(node: string): boolean | undefined
  close(): void
}

export type OtherHoldersOptions = {
  peers(): readonly Peer[]
  held(): readonly HeldVip[]
  ask: AskPeer
}

const LOOK_EVERY_MS = 500
/** A node that is MASTER and holds its VIP has little reason to ask. */
const CALM_EVERY_MS = 10_000
/** A cluster that is started all at once. */
const FIRST_AFTER_MS = 2_000
const ANSWER_WITHIN_MS = 400
const STALE_AFTER_MS = 15_000

const answerSchema = z.object({ vips: z.array(z.object({ address: z.string(), held: z.boolean() })) })

/**
 * Asks the other agents whether they hold a VIP as well: a keepalived that was killed leaves its address behind, and a
 * network that is split has two MASTERs. It only looks; nothing is decided by what others say.
 */
export function watchOtherHolders(options: OtherHoldersOptions): OtherHolders {
  const known = new Map<string, Others>()
  const doubted = new Set<string>()
  const answered = new Map<string, { isUp: boolean; steadyMs: number }>()
  let calmAt = performance.now() - CALM_EVERY_MS + FIRST_AFTER_MS
  let asking = false

  const isStale = (steadyMs: number): boolean => performance.now() - steadyMs > STALE_AFTER_MS

  const look = async (): Promise<void> => {
    const held = options.held()
    for (const name of known.keys()) if (!held.some((vip) => vip.name === name)) known.delete(name)
    const open = held.some(({ name, suspect }) => suspect || doubted.has(name))
    const isDue = open || performance.now() - calmAt >= CALM_EVERY_MS
    const peers = options.peers()
    if (peers.length === 0 || !isDue) return
    calmAt = performance.now()
    const answers = await Promise.all(
      peers.map(async (peer) => ({ name: peer.name, holds: await heldBy(peer, options.ask) })),
    )
    for (const { name, holds } of answers)
      answered.set(name, { isUp: holds !== undefined, steadyMs: performance.now() })
    // A VIP that has left meanwhile was only handed over.
    const still = options.held()
    for (const vip of held) {
      if (!still.some(({ name }) => name === vip.name)) continue
      const holders = answers.filter(({ holds }) => holds?.has(vip.address)).map(({ name }) => name)
      // While a VIP is handed over both nodes have it for some milliseconds: that is seen once at most.
      const isSure = vip.suspect || doubted.has(vip.name)
      if (holders.length > 0) doubted.add(vip.name)
      else doubted.delete(vip.name)
      known.set(vip.name, {
        holders: isSure ? holders : [],
        silent: answers.filter(({ holds }) => holds === undefined).map(({ name }) => name),
        steadyMs: performance.now(),
      })
    }
  }
  const timer = setInterval(() => {
    if (asking) return
    asking = true
    void look()
      .catch(() => undefined)
      .finally(() => {
        asking = false
      })
  }, LOOK_EVERY_MS)
  return {
    of: (vip) => {
      const others = known.get(vip)
      return others === undefined || isStale(others.steadyMs) ? undefined : others
    },
    answers: (node) => {
      const last = answered.get(node)
      return last === undefined || isStale(last.steadyMs) ? undefined : last.isUp
    },
    close: () => clearInterval(timer),
  }
}

/** Addresses that the node says it holds; undefined when it does not say. */
async function heldBy(peer: Peer, ask: AskPeer): Promise<ReadonlySet<string> | undefined> {
  const answer = await ask(peer, ANSWER_WITHIN_MS)
  const read = answerSchema.safeParse(answer.kind === 'answer' ? answer.value : undefined)
  if (!read.success) return undefined
  return new Set(read.data.vips.filter(({ held }) => held).map(({ address }) => address))
}
