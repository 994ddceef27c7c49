import * as z from 'zod'
import type { AskPeer, Peer } from './ask-peer.ts'

/** What the agent of another node says about a change that all nodes get. */
export type PeerView = {
  name: string
  /** undefined: it does not answer. */
  said: Said | undefined
}

const ANSWER_WITHIN_MS = 500

/** It may be of another version, or anybody. */
const answerSchema = z.object({
  applied: z.object({ revision: z.string() }).nullable(),
  suspended: z.looseObject({}).nullable().catch(null),
  rejected: z.array(z.object({ revision: z.string() })).catch([]),
  vips: z.array(z.object({ address: z.string(), held: z.boolean(), state: z.string() })),
  lastPass: z
    .object({
      revision: z.object({ sha: z.string() }).nullable(),
      stages: z.array(z.object({ stage: z.string(), outcome: z.string() })),
    })
    .nullable()
    .catch(null),
})
type Said = z.output<typeof answerSchema>

/** Asks all of them at once. */
export function askWhoChanges(peers: readonly Peer[], ask: AskPeer): Promise<PeerView[]> {
  return Promise.all(
    peers.map(async (peer): Promise<PeerView> => {
      const answer = await ask(peer, ANSWER_WITHIN_MS)
      const read = answer.kind === 'answer' ? answerSchema.safeParse(answer.value) : undefined
      return { name: peer.name, said: read?.data }
    }),
  )
}

/** A node that is about to change: its revision, its name, and the addresses that a change of it drops. */
export type Changing = { revision: string; node: string; addresses: readonly string[] }

/**
 * Those that have not changed yet, and will. One that is silent, suspended, or has rejected the revision, is not waited for. Of two that
 * hold one of the VIPs each, and would wait for each other, the first by name goes first.
 */
export function whoIsLate(views: readonly PeerView[], { revision, node, addresses }: Changing): string[] {
  return views
    .filter(({ said }) => said !== undefined && said.suspended === null && !hasChanged(said, revision))
    .filter(({ said }) => said?.rejected.some((entry) => entry.revision === revision) === false)
    .filter(({ name, said }) => node > name || !addresses.some((address) => said !== undefined && holds(said, address)))
    .map(({ name }) => name)
}

/** Its keepalived runs the revision; that it is applied it says only after its confirm window. */
function hasChanged({ applied, lastPass }: Said, revision: string): boolean {
  return (
    applied?.revision === revision ||
    (lastPass?.revision?.sha === revision &&
      lastPass.stages.some(({ stage, outcome }) => stage === 'confirm keepalived' && outcome === 'ok'))
  )
}

/** The first that says that its keepalived is MASTER for the address, and that its kernel has it. */
export function holderAmong(views: readonly PeerView[], address: string): string | undefined {
  return views.find(({ said }) => said !== undefined && holds(said, address))?.name
}

/** All of them answer, and none may hold it by what it runs. */
export function isNobodys(views: readonly PeerView[], address: string): boolean {
  return views.every(({ said }) => said?.vips.some((vip) => vip.address === address) === false)
}

function holds({ vips }: Said, address: string): boolean {
  return vips.some((vip) => vip.address === address && vip.held && vip.state === 'MASTER')
}
