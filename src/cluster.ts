import * as z from 'zod'
import type { AskPeer, Peer } from './ask-peer.ts'
import { cleanText } from './clean-text.ts'
import type { clusterSchema, nodeViewSchema, serviceViewSchema, vipViewSchema } from './report/cluster-schema.ts'
import type { Status } from './status.ts'

/** One node as seen from here: what its own agent says, or why it does not. */
export type NodeView = z.infer<typeof nodeViewSchema>
type Answering = Extract<NodeView, { kind: 'answers' }>
export type VipView = z.infer<typeof vipViewSchema>
/** A service as one node sees its servers. */
export type ServiceView = z.infer<typeof serviceViewSchema>
export type ClusterView = z.infer<typeof clusterSchema>

const ANSWER_WITHIN_MS = 1_500

/** Whoever answers at a node's address: nothing of it may reach a terminal as it came. */
const word = z.string().transform((text) => cleanText(text, 64))
const sentence = z.string().transform((text) => cleanText(text, 400))

const serviceSchema = z.object({
  name: word,
  vip: word,
  address: word,
  port: z.number(),
  up: z.number().nullable(),
  total: z.number(),
  minimum: z.number(),
  servers: z.array(z.object({ name: word, status: word, up: z.boolean(), lastCheck: word })),
})

/** What is read of another agent's status; it may be of another version. */
const answerSchema = z.object({
  headline: z.object({ well: z.boolean(), text: sentence, advice: sentence.nullable().default(null) }),
  applied: z.object({ release: word, revision: word }).nullable(),
  desired: z.object({ revision: word }).nullable().catch(null),
  suspended: z.object({ sinceMs: z.number(), untilMs: z.number().nullable(), reason: sentence }).nullable().catch(null),
  vips: z.array(
    z.object({
      name: word,
      address: word,
      state: word,
      held: z.boolean(),
      score: z.number().nullable(),
    }),
  ),
  // One of another version may tell them otherwise; who holds what matters more.
  services: z.array(serviceSchema).catch([]),
})

/** Asks the agents of all other nodes, and puts them beside `own`. */
export async function viewCluster(own: Status, ask: AskPeer): Promise<ClusterView> {
  return clusterOf(own, await Promise.all(own.peers.map((peer) => askNode(peer, ask))))
}

/** What the agent of one node says of itself. */
export async function askNode(peer: Peer, ask: AskPeer): Promise<NodeView> {
  const { name } = peer
  const answer = await ask(peer, ANSWER_WITHIN_MS)
  if (answer.kind === 'silent') return { name, kind: 'silent', reason: answer.reason }
  const read = answerSchema.safeParse(answer.value)
  return read.success ? viewOf(name, read.data) : { name, kind: 'silent', reason: 'its answer is no status' }
}

export function clusterOf(own: Status, others: readonly NodeView[]): ClusterView {
  const nodes = [viewOf(own.node, own), ...others]
  const holders = holdersOf(nodes)
  return { format: 1, atMs: own.atMs, headline: headlineOf(nodes, holders), nodes, holders }
}

type Said = Pick<Status, 'headline' | 'suspended'> & {
  applied: { release: string; revision: string } | null
  desired: { revision: string } | null
  vips: readonly VipView[]
  services: readonly ServiceView[]
}

function viewOf(nodeName: string, { headline, applied, desired, suspended, vips, services }: Said): NodeView {
  const { release, revision } = applied ?? { release: 'none', revision: 'none' }
  const seen = vips.map(({ name, address, state, held, score }) => ({ name, address, state, held, score }))
  const served = services.map(({ servers, ...service }) => ({
    ...service,
    servers: servers.map(({ name, status, up, lastCheck }) => ({ name, status, up, lastCheck })),
  }))
  return {
    ...{ name: nodeName, kind: 'answers', ...headline },
    ...{ release, revision, desired: desired?.revision ?? null, suspended },
    ...{ vips: seen, services: served },
  }
}

export function holdersOf(nodes: readonly NodeView[]): Record<string, readonly string[]> {
  const holders = new Map<string, string[]>()
  for (const node of nodes) {
    if (node.kind === 'silent') continue
    for (const { name, held } of node.vips) {
      const names = holders.get(name) ?? []
      holders.set(name, held ? [...names, node.name] : names)
    }
  }
  return Object.fromEntries(holders)
}

/** The most urgent truth first. A node that is silent may hold what nobody else says to hold. */
export function headlineOf(
  nodes: readonly NodeView[],
  holders: Readonly<Record<string, readonly string[]>>,
): ClusterView['headline'] {
  const bad = (text: string, advice: string | null = null) => ({ well: false, text, advice })
  const vips = Object.entries(holders)
  const twice = vips.find(([, names]) => names.length > 1)
  if (twice !== undefined)
    return bad(
      `DUPLICATE: VIP ${twice[0]} is on ${twice[1].join(' and ')}`,
      `On both: does keepalived run, and does VRRP (IP protocol 112) pass between them? lb-agent why ${twice[0]}`,
    )
  const silent = nodes.filter(({ kind }) => kind === 'silent').map(({ name }) => name)
  const nowhere = vips.find(([, names]) => names.length === 0)
  if (nowhere !== undefined) {
    const perhaps = silent.length === 0 ? '' : `, unless ${silent.join(' or ')} has it, which does not answer`
    return bad(`VIP ${nowhere[0]} is on no node${perhaps}`, `On each: lb-agent why ${nowhere[0]}`)
  }
  for (const node of nodes)
    if (node.kind === 'answers' && !node.well)
      return bad(`${node.name}: ${node.text}`, node.advice === null ? null : `On ${node.name}: ${node.advice}`)
  if (silent.length > 0)
    return bad(
      `no answer from ${silent.join(', ')}`,
      'There: systemctl status lb-agent lb-agent-embedded. Its HAProxy and keepalived may serve all the same',
    )
  const answering = nodes.flatMap((node) => (node.kind === 'answers' ? [node] : []))
  const following = new Set(answering.filter(({ suspended }) => suspended === null).map(({ revision }) => revision))
  if (following.size > 1)
    return bad(
      'the nodes run different revisions',
      'They follow within their interval of fetching; one that does not: lb-agent status there',
    )
  // What a person has ordered is no fault, as in the headline of the node itself; but it is said.
  const byHand = suspendedOf(answering)
  const told = byHand.length === 0 ? '' : `; suspended by hand: ${byHand.join(', ')}`
  return { well: true, text: `all is well on ${nodes.length} nodes${told}`, advice: null }
}

function suspendedOf(nodes: readonly Answering[]): string[] {
  const differ = new Set(nodes.map(({ revision }) => revision)).size > 1
  const others = nodes.find(({ suspended }) => suspended === null)?.revision
  return nodes.flatMap(({ name, suspended, revision }) => {
    if (suspended === null) return []
    if (!differ || revision === others) return [name]
    const not = others === undefined ? '' : ` and not ${others.slice(0, 12)}`
    return [`${name} (runs ${revision.slice(0, 12)}${not})`]
  })
}
