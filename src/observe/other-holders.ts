import * as z from 'zod'
import type { AskPeer, Peer } from '../ask-peer.ts'
import { cleanText } from '../clean-text.ts'

/** A VIP that this node has. `suspect`: its keepalived does not say that it is MASTER. */
export type HeldVip = { name: string; address: string; suspect: boolean }

/** Who else has a VIP that this node has, as they say themselves. `silent`: nodes that did not answer. `ageMs`: since they were asked. */
export type Others = { holders: readonly string[]; silent: readonly string[]; ageMs: number }

/** What a node said when it was last asked. `addresses`: those that it has itself. */
export type PeerSaid = { ageMs: number } & (
  | { kind: 'answered'; addresses: ReadonlySet<string> }
  | { kind: 'silent'; reason: string }
)

export type OtherHolders = {
  /** Undefined unless the VIP was asked for in the last seconds. */
  of(vip: string): Others | undefined
  /** Undefined when that node was not asked in the last seconds. */
  said(node: string): PeerSaid | undefined
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
  const known = new Map<string, Timed<Omit<Others, 'ageMs'>>>()
  const doubted = new Set<string>()
  const answered = new Map<string, Timed<Said>>()
  let calmAt = performance.now() - CALM_EVERY_MS + FIRST_AFTER_MS
  let heldBefore: string | undefined
  let asking = false

  const look = async (): Promise<void> => {
    const held = options.held()
    for (const name of known.keys()) if (!held.some((vip) => vip.name === name)) known.delete(name)
    const open = held.some(({ name, suspect }) => suspect || doubted.has(name))
    const names = held.map(({ name }) => name).join()
    // A VIP that has come or gone was somewhere else, or is now.
    const moved = heldBefore !== undefined && names !== heldBefore
    const isDue = open || moved || performance.now() - calmAt >= CALM_EVERY_MS
    const peers = options.peers()
    if (peers.length === 0 || !isDue) return
    calmAt = performance.now()
    heldBefore = names
    const answers = await Promise.all(
      peers.map(async ({ name, address }) => ({ name, said: await heldBy({ name, address }, options.ask) })),
    )
    const at = performance.now()
    for (const { name, said } of answers) answered.set(name, { ...said, at })
    // A VIP that has left meanwhile was only handed over.
    const still = options.held()
    for (const vip of held) {
      if (!still.some(({ name }) => name === vip.name)) continue
      const holders = namesOf(answers, (said) => said.kind === 'answered' && said.addresses.has(vip.address))
      // While a VIP is handed over both nodes have it for some milliseconds: that is seen once at most.
      const isSure = vip.suspect || doubted.has(vip.name)
      if (holders.length > 0) doubted.add(vip.name)
      else doubted.delete(vip.name)
      known.set(vip.name, {
        holders: isSure ? holders : [],
        silent: namesOf(answers, (said) => said.kind === 'silent'),
        at,
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
    of: (vip) => fresh(known.get(vip)),
    said: (node) => fresh(answered.get(node)),
    close: () => clearInterval(timer),
  }
}

/** `at`: by performance.now(), which nobody sets. */
type Timed<T> = T & { at: number }
type Said = { kind: 'answered'; addresses: ReadonlySet<string> } | { kind: 'silent'; reason: string }

function fresh<T>(fact: Timed<T> | undefined): (T & { ageMs: number }) | undefined {
  if (fact === undefined) return undefined
  const ageMs = Math.round(performance.now() - fact.at)
  return ageMs > STALE_AFTER_MS ? undefined : { ...fact, ageMs }
}

function namesOf(answers: readonly { name: string; said: Said }[], which: (said: Said) => boolean): string[] {
  return answers.filter(({ said }) => which(said)).map(({ name }) => name)
}

async function heldBy(peer: Peer, ask: AskPeer): Promise<Said> {
  const answer = await ask(peer, ANSWER_WITHIN_MS)
  if (answer.kind === 'silent') return { kind: 'silent', reason: cleanText(answer.reason) }
  const read = answerSchema.safeParse(answer.value)
  if (!read.success) return { kind: 'silent', reason: 'its answer is no status' }
  return {
    kind: 'answered',
    addresses: new Set(read.data.vips.filter(({ held }) => held).map(({ address }) => address)),
  }
}
