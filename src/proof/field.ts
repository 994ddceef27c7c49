import { hears, listenerOf, sourceOrder } from './hears.ts'
import type { ProofCluster, Router } from './model.ts'
import { healthyStanding, type Standing } from './standing.ts'

/** An instance in its election. `hears[other.index]`: it takes the other's adverts while both links are up. */
export type Seat = {
  index: number
  router: Router
  actor: Actor
  hears: readonly boolean[]
  sourceOrder: string
  healthy: Standing
}

/** What becomes MASTER as one: an instance, or the instances of a sync group on a node (vrrp_sync.c of keepalived 2.2.7). */
export type Actor = { index: number; node: string; seats: Seat[] }

/** Instances whose elections depend on each other: of the same virtual router, or tied to it by sync groups. */
export type Field = { seats: readonly Seat[]; actors: readonly Actor[] }

/** The elections of a cluster, each by itself. */
export function fieldsOf({ routers }: Pick<ProofCluster, 'routers'>): Field[] {
  return connected(routers).map(fieldOf)
}

/** Routers that share a key, or share one with a router that shares one. */
function connected(routers: readonly Router[]): Router[][] {
  const leader = new Map<string, string>()
  const find = (key: string): string => {
    let at = key
    for (let up = leader.get(at); up !== undefined && up !== at; up = leader.get(at)) at = up
    return at
  }
  for (const router of routers) {
    const [first, second] = keysOf(router)
    leader.set(find(second), find(first))
  }
  const sets = new Map<string, Router[]>()
  for (const router of routers) {
    const key = find(keysOf(router)[0])
    const set = sets.get(key)
    if (set === undefined) sets.set(key, [router])
    else set.push(router)
  }
  return [...sets.values()]
}

function keysOf(router: Router): [string, string] {
  const virtualRouter = `${router.family} ${router.virtualRouterId}`
  return [virtualRouter, router.syncGroup === undefined ? virtualRouter : groupKey(router)]
}

function groupKey({ node, syncGroup }: Router): string {
  return `group ${JSON.stringify([node, syncGroup])}`
}

function fieldOf(routers: readonly Router[]): Field {
  const listeners = routers.map(listenerOf)
  const actors: Actor[] = []
  const groups = new Map<string, Actor>()
  const seats = listeners.map((listener, index): Seat => {
    const { router } = listener
    const grouped = router.syncGroup === undefined ? undefined : groups.get(groupKey(router))
    const actor = grouped ?? { index: actors.length, node: router.node, seats: [] }
    if (grouped === undefined) actors.push(actor)
    if (router.syncGroup !== undefined) groups.set(groupKey(router), actor)
    const seat = {
      index,
      router,
      actor,
      hears: listeners.map((other) => hears(listener, other)),
      sourceOrder: sourceOrder(router.source),
      healthy: healthyStanding(router),
    }
    actor.seats.push(seat)
    return seat
  })
  return { seats, actors }
}

/** All of a field that its elections depend on: where a cluster has many VIPs with the same order of nodes, one is proved for all. */
export function alikeText({ seats }: Field): string {
  return JSON.stringify(
    seats.map(({ router, actor, hears }) => [
      router.node,
      actor.index,
      router.syncGroup === undefined,
      router.version,
      router.priority,
      router.advertMs,
      router.nopreempt,
      router.preemptDelayMs,
      router.startsAsMaster,
      router.source,
      router.downTimerAdverts,
      router.tracksInterface,
      router.trackers.map(({ what, healthy, under }) => [what, healthy, under]),
      hears.map(Number).join(''),
    ]),
  )
}
