import * as z from 'zod'
import { http } from '../http.ts'

/** Another node of the cluster. */
export type Peer = { name: string; address: string }

/** A VIP that this node has. `suspect`: its keepalived does not say that it is MASTER. */
export type HeldVip = { name: string; address: string; suspect: boolean }

/** Who else has a VIP that this node has, as they say themselves. `silent`: nodes that did not answer. */
export type Others = { holders: readonly string[]; silent: readonly string[]; atMs: number }

export type OtherHolders = {
  /** Undefined unless the VIP was asked for in the last seconds. */
  of(vip: string): Others | undefined
  close(): void
}

export type OtherHoldersOptions = {
  peers(): readonly Peer[]
  held(): readonly HeldVip[]
  /** Where the agents of this cluster answer `GET /api/v1/status`. */
  port: number
  now(): number
}

const LOOK_EVERY_MS = 500
/** A node that is MASTER and holds its VIP has little reason to ask. */
const CALM_EVERY_MS = 10_000
const ANSWER_WITHIN_MS = 400
const STALE_AFTER_MS = 15_000
const MAX_ANSWER_BYTES = 1024 * 1024

const answerSchema = z.object({ vips: z.array(z.object({ address: z.string(), held: z.boolean() })) })

/**
 * Asks the other agents whether they hold a VIP as well: a keepalived that was killed leaves its address behind, and a
 * network that is split has two MASTERs. It only looks; nothing is decided by what others say.
 */
export function watchOtherHolders(options: OtherHoldersOptions): OtherHolders {
  const { now } = options
  const known = new Map<string, Others>()
  const doubted = new Set<string>()
  let calmAt = performance.now()
  let asking = false

  const look = async (): Promise<void> => {
    const held = options.held()
    for (const name of known.keys()) if (!held.some((vip) => vip.name === name)) known.delete(name)
    const open = held.some(({ name, suspect }) => suspect || doubted.has(name))
    const isDue = open || performance.now() - calmAt >= CALM_EVERY_MS
    const peers = options.peers()
    if (held.length === 0 || peers.length === 0 || !isDue) return
    calmAt = performance.now()
    const answers = await Promise.all(
      peers.map(async ({ name, address }) => ({ name, holds: await heldBy(address, options.port) })),
    )
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
        atMs: now(),
      })
    }
  }
  const timer = setInterval(() => {
    if (asking) return
    asking = true
    void look().finally(() => {
      asking = false
    })
  }, LOOK_EVERY_MS)
  return {
    of: (vip) => {
      const others = known.get(vip)
      return others === undefined || Math.abs(now() - others.atMs) > STALE_AFTER_MS ? undefined : others
    },
    close: () => clearInterval(timer),
  }
}

/** Addresses that the node says it holds; undefined when it does not say. */
function heldBy(host: string, port: number): Promise<ReadonlySet<string> | undefined> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => question.destroy(), ANSWER_WITHIN_MS)
    const question = http.get({ host, port, path: '/api/v1/status', agent: false }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) question.destroy()
        else chunks.push(chunk)
      })
      response.on('end', () => settle(readHeld(Buffer.concat(chunks).toString('utf8'))))
    })
    question.on('error', () => settle(undefined))
    question.on('close', () => settle(undefined))
    function settle(held: ReadonlySet<string> | undefined): void {
      clearTimeout(deadline)
      resolve(held)
    }
  })
}

function readHeld(text: string): ReadonlySet<string> | undefined {
  try {
    const { vips } = answerSchema.parse(JSON.parse(text))
    return new Set(vips.filter(({ held }) => held).map(({ address }) => address))
  } catch {
    return undefined
  }
}
