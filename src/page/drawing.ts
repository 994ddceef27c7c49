import { type Mood, moodOfService } from './mood.ts'
import type { Seen, SeenService } from './seen.ts'
import { isUnheard } from './unheard.ts'

export type Box = { id: string; column: number; title: string; detail: string; mood: Mood }
/** `vip`: whose traffic it is. */
export type Arrow = { from: string; to: string; vip: string; mood: Mood }
export type Drawing = { boxes: readonly Box[]; arrows: readonly Arrow[]; words: string }

export const COLUMNS = ['clients', 'VIPs', 'balancers', 'services', 'servers'] as const

/** A tree has a branch for each server of each service, a map one box for all services of a server. */
export type Shape = 'map' | 'tree'

/** So many servers have a box each. Of more, a service shows some that are down, and those that are up share one. */
const MAX_SERVERS: Readonly<Record<Shape, number>> = { map: 12, tree: 24 }
const MAX_DOWN = 3

/** Clients -> VIPs -> the balancers that hold them -> services -> servers, as this balancer and its peers say. */
export function drawingOf({ cluster, services }: Pick<Seen, 'cluster' | 'services'>, shape: Shape): Drawing {
  const boxes = new Map<string, Box>([['clients', box('clients', 0, 'clients', '', 'plain')]])
  const arrows: Arrow[] = []
  const sentences: string[] = []
  const add = (made: Box): void => void boxes.set(made.id, made)
  const addresses = new Map(
    cluster.nodes.flatMap((node) => (node.kind === 'answers' ? node.vips : [])).map((vip) => [vip.name, vip.address]),
  )
  const isSomeoneSilent = cluster.nodes.some(({ kind }) => kind === 'silent')
  for (const [vip, holders] of Object.entries(cluster.holders)) {
    const mood = holders.length === 1 ? 'good' : holders.length === 0 && isSomeoneSilent ? 'unsure' : 'bad'
    const bad = holders.length > 1 ? 'DUPLICATE' : 'on no balancer'
    const state = mood === 'bad' ? bad : mood === 'unsure' ? 'holder UNKNOWN' : []
    add(box(`vip ${vip}`, 1, vip, [state, addresses.get(vip) ?? []].flat().join(' · '), mood))
    arrows.push({ from: 'clients', to: `vip ${vip}`, vip, mood })
    for (const holder of holders) arrows.push({ from: `vip ${vip}`, to: `node ${holder}`, vip, mood })
    sentences.push(holders.length === 0 ? `VIP ${vip}: ${state}.` : `VIP ${vip} is on ${holders.join(' and ')}.`)
  }
  for (const node of cluster.nodes) {
    if (node.kind === 'silent') {
      add(box(`node ${node.name}`, 2, node.name, isUnheard(cluster) ? 'UNKNOWN' : 'UNKNOWN · no answer', 'unsure'))
      sentences.push(`${node.name} is UNKNOWN.`)
    } else {
      add(box(`node ${node.name}`, 2, node.name, statesOf(node.vips), node.well ? 'good' : 'bad'))
      if (!node.well) sentences.push(`${node.name}: ${node.text}.`)
    }
  }
  const names = services.flatMap(({ servers }) => servers.map(({ name }) => name))
  const isEachDrawn = (shape === 'tree' ? names.length : new Set(names).size) <= MAX_SERVERS[shape]
  for (const service of services) {
    const mood = moodOfService(service)
    const up = service.up === null ? 'UNKNOWN' : `${service.up} of ${service.total} up`
    const id = `service ${service.name}`
    add(box(id, 3, service.name, `${up} · port ${service.port}`, mood))
    for (const holder of cluster.holders[service.vip] ?? [])
      arrows.push({ from: `node ${holder}`, to: id, vip: service.vip, mood })
    sentences.push(`Service ${service.name}: ${up}.`)
    for (const server of serverBoxes(service, isEachDrawn)) {
      // Up for one service and down for another: its box shows what is wrong, its arrows show for which.
      if (boxes.get(server.id)?.mood !== 'bad') add(server)
      arrows.push({ from: id, to: server.id, vip: service.vip, mood: server.mood })
    }
  }
  return { boxes: [...boxes.values()], arrows, words: sentences.join(' ') }
}

function box(id: string, column: number, title: string, detail: string, mood: Mood): Box {
  return { id, column, title, detail, mood }
}

/** `MASTER`, when that is so for all its VIPs; else `1 MASTER, 2 BACKUP`. */
function statesOf(vips: readonly { state: string }[]): string {
  const states = ['FAULT', 'UNKNOWN', 'MASTER', 'BACKUP'].flatMap((state) => {
    const count = vips.filter((vip) => vip.state === state).length
    return count === 0 ? [] : [{ state, count }]
  })
  return states.map(({ state, count }) => (states.length === 1 ? state : `${count} ${state}`)).join(', ')
}

function serverBoxes({ name, servers }: SeenService, isEachDrawn: boolean): Box[] {
  const one = (server: (typeof servers)[number]): Box =>
    box(`server ${server.name}`, 4, server.name, server.status, server.up ? 'good' : 'bad')
  if (isEachDrawn) return servers.map(one)
  const down = servers.filter((server) => !server.up)
  const upCount = servers.length - down.length
  const shown = down.length > MAX_DOWN + 1 ? down.slice(0, MAX_DOWN) : down
  const hidden = down.length - shown.length
  return [
    ...shown.map(one),
    ...(hidden > 0 ? [box(`down ${name}`, 4, `${hidden} more`, 'DOWN', 'bad')] : []),
    ...(upCount > 0 ? [box(`up ${name}`, 4, `${upCount} servers`, 'UP', 'good')] : []),
  ]
}
