import { setTimeout as sleep } from 'node:timers/promises'
import type { AskPeer, Peer } from './ask-peer.ts'
import { changesOf } from './changes.ts'
import { askNode, type ClusterView, clusterOf, type NodeView } from './cluster.ts'
import type { Seen, SeenService, Told } from './page/seen.ts'
import type { Parts } from './parts.ts'
import type { PassLog } from './pass-log.ts'
import type { Status } from './status.ts'
import { age, timeOfDay } from './time-text.ts'
import type { TimelineEvent } from './timeline/event.ts'
import { tellEvents } from './timeline/tell.ts'

const NEWEST = 40
const CHANGES = 5
/** A peer that answers does so within some milliseconds. */
const PATIENCE_MS = 50
/** One that is busy for a moment is not yet silent; what it said last is not told for longer than this. */
const FRESH_MS = 800
/** As long as that it is a hand-over, longer is DUPLICATE. */
const TWICE_FOR_MS = 400

/** `isNow`: it was said to this question, not to the one before. */
type Answer = { view: NodeView; isNow: boolean }

/**
 * Puts together what the page shows, again and again: of each node what it says now, or that it is silent. Undefined in the
 * moments of a hand-over, in which two nodes have the VIP.
 */
export function createSeen(
  parts: Parts,
  passes: PassLog,
  status: () => Promise<Status>,
): () => Promise<Seen | undefined> {
  const ask = createAsk(parts.askPeer)
  let twiceSince: number | undefined
  return async () => {
    const answers = await Promise.all((parts.health.expectation()?.peers ?? []).map(ask))
    // Last, so that it is the newest of all.
    const own = await status()
    const cluster = clusterOf(own, believed(own, answers))
    twiceSince = mayBeHandOver(cluster) ? (twiceSince ?? performance.now()) : undefined
    if (twiceSince !== undefined && performance.now() - twiceSince < TWICE_FOR_MS) return undefined
    const events = parts.timeline.latest(NEWEST)
    return {
      own: { ...own, services: [] },
      cluster: { ...cluster, nodes: cluster.nodes.map(withoutServices) },
      services: servicesOf(cluster),
      told: toldOf(events),
      changes: changesOf(passes.recent(), events, CHANGES),
    }
  }
}

/** Two nodes hold a VIP, and both have a keepalived that may be giving it away or taking it. */
function mayBeHandOver({ nodes, holders }: ClusterView): boolean {
  const views = nodes.flatMap((node) => (node.kind === 'answers' ? node.vips : []))
  return Object.entries(holders).some(
    ([vip, names]) =>
      names.length > 1 && views.every(({ name, held, state }) => name !== vip || !held || state !== 'UNKNOWN'),
  )
}

/** What must reach the page at once when it is another than before; ages are no news. */
export function essenceOf({ cluster, services, told, changes }: Seen): string {
  return JSON.stringify([cluster.nodes, services, told.length, told[0]?.atMs, changes[0]])
}

/** Asks a peer unless a question to it is under way; never waits long, and never tells an old answer. */
function createAsk(askPeer: AskPeer): (peer: Peer) => Promise<Answer> {
  const answers = new Map<string, { view: NodeView; at: number }>()
  const asking = new Map<string, Promise<Answer>>()
  const begin = async (peer: Peer): Promise<Answer> => {
    const view = await askNode(peer, askPeer)
    answers.set(peer.name, { view, at: performance.now() })
    asking.delete(peer.name)
    return { view, isNow: true }
  }
  return async (peer) => {
    const question = asking.get(peer.name) ?? begin(peer)
    asking.set(peer.name, question)
    const answer = await Promise.race([question, sleep(answers.has(peer.name) ? PATIENCE_MS : FRESH_MS)])
    if (answer !== undefined) return answer
    const last = answers.get(peer.name)
    return last !== undefined && performance.now() - last.at < FRESH_MS
      ? { view: last.view, isNow: false }
      : { view: { name: peer.name, kind: 'silent', reason: `no answer within ${FRESH_MS} ms` }, isNow: true }
  }
}

/** A node that said a moment ago that it holds a VIP is not believed against one that says so now. */
function believed(own: Status, answers: readonly Answer[]): NodeView[] {
  const now = answers.filter(({ isNow }) => isNow).flatMap(({ view }) => (view.kind === 'answers' ? view.vips : []))
  const taken = new Set([...own.vips, ...now].filter(({ held }) => held).map(({ name }) => name))
  return answers.map(({ view, isNow }) => {
    if (isNow || view.kind === 'silent') return view
    return { ...view, vips: view.vips.map((vip) => ({ ...vip, held: vip.held && !taken.has(vip.name) })) }
  })
}

function withoutServices(node: NodeView): NodeView {
  return node.kind === 'silent' ? node : { ...node, services: [] }
}

/** Each service as the node sees it through which its clients come; else as this one, or any that can, does. */
function servicesOf({ nodes, holders }: ClusterView): SeenService[] {
  const views = nodes.flatMap((node) =>
    node.kind === 'answers' ? node.services.map((service) => ({ ...service, by: node.name })) : [],
  )
  const names = [...new Set(views.map(({ name }) => name))]
  return names.flatMap((name) => {
    const all = views.filter((view) => view.name === name)
    const known = all.filter(({ up }) => up !== null)
    return known.find(({ vip, by }) => holders[vip]?.includes(by)) ?? known[0] ?? all[0] ?? []
  })
}

/** The agent's own starts and ends move nothing. */
function toldOf(events: readonly TimelineEvent[]): Told[] {
  return tellEvents(events, { time: timeOfDay, span: age })
    .flatMap(({ atMs, vip, text }, at): Told[] => {
      const event = events[at]
      if (event === undefined || event.kind === 'agent') return []
      return [{ atMs, text: vip === undefined ? text : `VIP ${vip}: ${text}`, turn: turnOf(event) }]
    })
    .reverse()
}

function turnOf(event: TimelineEvent): Told['turn'] {
  const turn = (isGood: boolean): Told['turn'] => (isGood ? 'good' : 'bad')
  if (event.kind === 'vrrp') return event.to === 'BACKUP' ? 'plain' : turn(event.to === 'MASTER')
  if (event.kind === 'gate') return turn(event.open)
  if (event.kind === 'release') return turn(event.result === 'applied')
  return event.kind === 'daemon' && event.what === 'died' ? 'bad' : 'plain'
}
