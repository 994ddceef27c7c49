import * as z from 'zod'
import { type AskPeer, createAskPeer, type Peer } from '../ask-peer.ts'
import type { Check } from './check.ts'
import type { Examined } from './examined.ts'
import { clockVerdict, type PeerHeard, peerVerdict } from './verdicts/peers.ts'
import type { Verdict } from './verdicts/verdict.ts'

const ANSWERS_WITHIN_MS = 2_000
const answerSchema = z.object({ atMs: z.number() })

export const PEER_CHECKS: readonly Check[] = [
  {
    family: 'other nodes',
    name: 'agents',
    look: async (node) => {
      const { port } = node.config.http
      const heard = await hearAll(node)
      return Object.fromEntries(
        heard.flatMap(({ peer, said }): [string, Verdict][] => [
          [`agent of ${peer.name}`, peerVerdict(peer, said, port)],
          [`clock of ${peer.name}`, clockVerdict(peer.name, said)],
        ]),
      )
    },
  },
]

async function hearAll({ config, desired }: Examined): Promise<{ peer: Peer; said: PeerHeard }[]> {
  if (desired.kind === 'unknown') return []
  const ask = createAskPeer(config.http)
  const peers = desired.spec.nodes.filter(({ name }) => name !== desired.node.name)
  return Promise.all(peers.map(async (peer) => ({ peer, said: await hear(peer, ask) })))
}

async function hear(peer: Peer, ask: AskPeer): Promise<PeerHeard> {
  const before = performance.now()
  const answer = await ask(peer, ANSWERS_WITHIN_MS)
  const withinMs = (performance.now() - before) / 2
  if (answer.kind === 'silent') return answer
  const read = answerSchema.safeParse(answer.value)
  return { kind: 'answers', aheadMs: read.success ? read.data.atMs - (Date.now() - withinMs) : undefined, withinMs }
}
