import * as z from 'zod'
import { type AskPeer, createAskPeer, type Peer } from '../ask-peer.ts'
import { cleanText } from '../clean-text.ts'
import type { AgentConfig } from '../spec/agent-config.ts'

/** Another node. `missing`: why lb-agent does not run its keepalived, as far as it can be seen from here; undefined where it does. */
export type OtherNode = Peer & { missing: string | undefined; holds: readonly string[] }

const ANSWERS_WITHIN_MS = 2_000

const answerSchema = z.object({
  applied: z.unknown().nullable(),
  vips: z.array(z.object({ address: z.string(), held: z.boolean() })),
})

/** Asks the agents of the other nodes. One that answers and runs no release still has the old pair's keepalived beside it. */
export async function askNodes(config: AgentConfig, peers: readonly Peer[]): Promise<OtherNode[]> {
  const ask = createAskPeer(config.http)
  return Promise.all(peers.map((peer) => askNode(peer, ask, config.http.port)))
}

async function askNode(peer: Peer, ask: AskPeer, port: number): Promise<OtherNode> {
  const answer = await ask(peer, ANSWERS_WITHIN_MS)
  if (answer.kind === 'silent')
    return {
      ...peer,
      missing: `no agent answers at port ${port}: ${cleanText(answer.reason)} (http.listen there, the firewall)`,
      holds: [],
    }
  const { data } = answerSchema.safeParse(answer.value)
  if (data === undefined) return { ...peer, missing: 'what answers there is no lb-agent', holds: [] }
  if (data.applied === null) return { ...peer, missing: 'its agent runs no release yet', holds: [] }
  return { ...peer, missing: undefined, holds: data.vips.filter(({ held }) => held).map(({ address }) => address) }
}
