import { setTimeout as sleep } from 'node:timers/promises'
import { askNode, clusterOf, type NodeView } from './cluster.ts'
import type { Seen } from './page/seen.ts'
import type { Parts } from './parts.ts'
import type { Status } from './status.ts'
import { age, timeOfDay } from './time-text.ts'
import { tellEvents } from './timeline/tell.ts'

const NEWEST = 40
/** A peer that answers does so within some milliseconds; one that did not last time is hardly waited for. */
const PATIENCE_MS = { answered: 300, silent: 50 }

/** Puts together what the page shows, again and again: of each node what it says now, or that it is silent. */
export function createSeen(parts: Parts, status: () => Promise<Status>): () => Promise<Seen> {
  const silent = new Set<string>()
  const ask = async (peer: { name: string; address: string }): Promise<NodeView> => {
    const asked = askNode(peer, parts.askPeer).then((view) => {
      if (view.kind === 'silent') silent.add(peer.name)
      else silent.delete(peer.name)
      return view
    })
    const patienceMs = silent.has(peer.name) ? PATIENCE_MS.silent : PATIENCE_MS.answered
    const late: NodeView = { name: peer.name, kind: 'silent', reason: `no answer within ${patienceMs} ms` }
    return await Promise.race([asked, sleep(patienceMs, late)])
  }
  return async () => {
    const others = await Promise.all((parts.health.expectation()?.peers ?? []).map(ask))
    // Last, so that it is the newest of all.
    const own = await status()
    const told = tellEvents(parts.timeline.latest(NEWEST), { time: timeOfDay, span: age }).filter(
      ({ kind }) => kind !== 'agent',
    )
    return {
      own,
      cluster: clusterOf(own, others),
      told: told
        .map(({ atMs, vip, text }) => ({ atMs, text: vip === undefined ? text : `VIP ${vip}: ${text}` }))
        .reverse(),
    }
  }
}
