import * as z from 'zod'
import { askPeer } from './ask-peer.ts'
import { cleanText } from './source/clean-text.ts'
import type { ServiceStatus, Status } from './status.ts'

/** One node as seen from here: what its own agent says, or why it does not. */
export type NodeView =
  | {
      name: string
      kind: 'answers'
      well: boolean
      text: string
      release: string
      revision: string
      vips: readonly VipView[]
      services: readonly ServiceView[]
    }
  | { name: string; kind: 'silent'; reason: string }

export type VipView = { name: string; address: string; state: string; held: boolean; score: number | null }

/** A service as one node sees its servers. */
export type ServiceView = Omit<ServiceStatus, 'servers'> & {
  servers: readonly Pick<ServiceStatus['servers'][number], 'name' | 'status' | 'up' | 'lastCheck'>[]
}

export type ClusterView = {
  atMs: number
  headline: { well: boolean; text: string }
  nodes: readonly NodeView[]
  /** By name of the VIP: the nodes whose kernels have its address. */
  holders: Readonly<Record<string, readonly string[]>>
}

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
  headline: z.object({ well: z.boolean(), text: sentence }),
  applied: z.object({ release: word, revision: word }).nullable(),
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

/** Asks the agents of all other nodes, at the port at which this one listens, and puts them beside `own`. */
export async function viewCluster(own: Status, port: number): Promise<ClusterView> {
  return clusterOf(own, await Promise.all(own.peers.map((peer) => askNode(peer, port))))
}

/** What the agent of one node says of itself. */
export async function askNode({ name, address }: { name: string; address: string }, port: number): Promise<NodeView> {
  const answer = await askPeer(address, port, ANSWER_WITHIN_MS)
  if (answer.kind === 'silent') return { name, kind: 'silent', reason: answer.reason }
  const read = answerSchema.safeParse(answer.value)
  return read.success ? viewOf(name, read.data) : { name, kind: 'silent', reason: 'its answer is no status' }
}

export function clusterOf(own: Status, others: readonly NodeView[]): ClusterView {
  const nodes = [viewOf(own.node, own), ...others]
  const holders = holdersOf(nodes)
  return { atMs: own.atMs, headline: headlineOf(nodes, holders), nodes, holders }
}

type Said = Pick<Status, 'headline'> & {
  applied: { release: string; revision: string } | null
  vips: readonly VipView[]
  services: readonly ServiceView[]
}

function viewOf(nodeName: string, { headline, applied, vips, services }: Said): NodeView {
  const { release, revision } = applied ?? { release: 'none', revision: 'none' }
  const seen = vips.map(({ name, address, state, held, score }) => ({ name, address, state, held, score }))
  const served = services.map(({ servers, ...service }) => ({
    ...service,
    servers: servers.map(({ name, status, up, lastCheck }) => ({ name, status, up, lastCheck })),
  }))
  return { name: nodeName, kind: 'answers', ...headline, release, revision, vips: seen, services: served }
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
  const bad = (text: string) => ({ well: false, text })
  const vips = Object.entries(holders)
  const twice = vips.find(([, names]) => names.length > 1)
  if (twice !== undefined) return bad(`DUPLICATE: VIP ${twice[0]} is on ${twice[1].join(' and ')}`)
  const silent = nodes.filter(({ kind }) => kind === 'silent').map(({ name }) => name)
  const nowhere = vips.find(([, names]) => names.length === 0)
  if (nowhere !== undefined) {
    const perhaps = silent.length === 0 ? '' : `, unless ${silent.join(' or ')} has it, which does not answer`
    return bad(`VIP ${nowhere[0]} is on no node${perhaps}`)
  }
  for (const node of nodes) if (node.kind === 'answers' && !node.well) return bad(`${node.name}: ${node.text}`)
  if (silent.length > 0) return bad(`no answer from ${silent.join(', ')}`)
  const releases = new Set(nodes.flatMap((node) => (node.kind === 'answers' ? [node.revision] : [])))
  if (releases.size > 1) return bad('the nodes run different revisions')
  return { well: true, text: `all is well on ${nodes.length} nodes` }
}
