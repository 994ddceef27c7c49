import type { Seen } from './seen.ts'

/** How something is: also told by a sign, a dash pattern and a word, because not everybody sees the colours. */
export type Mood = 'good' | 'bad' | 'unsure' | 'plain'

export type Box = { id: string; column: number; title: string; detail: string; mood: Mood }
export type Arrow = { from: string; to: string; mood: Mood }
export type Drawing = { boxes: readonly Box[]; arrows: readonly Arrow[]; words: string }

export const COLUMNS = ['clients', 'VIPs', 'balancers', 'services', 'servers'] as const
export const SIGNS: Readonly<Record<Mood, string>> = { good: '✓ ', bad: '✕ ', unsure: '? ', plain: '' }

/** Clients -> VIPs -> the balancers that hold them -> services -> servers, as this balancer and its peers say. */
export function drawingOf({ own, cluster }: Seen): Drawing {
  const boxes: Box[] = [{ id: 'clients', column: 0, title: 'clients', detail: '', mood: 'plain' }]
  const arrows: Arrow[] = []
  const sentences: string[] = []
  const addresses = new Map(
    cluster.nodes.flatMap((node) => (node.kind === 'answers' ? node.vips : [])).map((vip) => [vip.name, vip.address]),
  )
  const isSomeoneSilent = cluster.nodes.some(({ kind }) => kind === 'silent')
  for (const [vip, holders] of Object.entries(cluster.holders)) {
    const mood = holders.length === 1 ? 'good' : holders.length === 0 && isSomeoneSilent ? 'unsure' : 'bad'
    const state = {
      good: 'served',
      unsure: 'holder unknown',
      bad: holders.length > 1 ? 'DUPLICATE' : 'on no balancer',
    }[mood]
    boxes.push({ id: `vip ${vip}`, column: 1, title: vip, detail: `${addresses.get(vip) ?? ''} ${state}`, mood })
    arrows.push({ from: 'clients', to: `vip ${vip}`, mood })
    for (const holder of holders) arrows.push({ from: `vip ${vip}`, to: `node ${holder}`, mood })
    const where = holders.length === 0 ? state : `on ${holders.join(' and ')}`
    sentences.push(`VIP ${vip} is ${where}.`)
  }
  for (const node of cluster.nodes) {
    const isSilent = node.kind === 'silent'
    const mood = isSilent ? 'unsure' : node.well ? 'good' : 'bad'
    const states = isSilent ? 'UNKNOWN: no answer' : node.vips.map(({ state }) => state).join(', ')
    boxes.push({ id: `node ${node.name}`, column: 2, title: node.name, detail: states, mood })
    if (isSilent) sentences.push(`${node.name} does not answer.`)
  }
  for (const service of own.services) {
    const mood = service.up === null ? 'unsure' : service.up < service.minimum ? 'bad' : 'good'
    const up = service.up === null ? 'UNKNOWN' : `${service.up} of ${service.total} up`
    const id = `service ${service.name}`
    boxes.push({ id, column: 3, title: service.name, detail: `port ${service.port}, ${up}`, mood })
    for (const holder of cluster.holders[service.vip] ?? []) arrows.push({ from: `node ${holder}`, to: id, mood })
    sentences.push(`Service ${service.name}: ${up}.`)
    for (const server of service.servers) {
      const box = `server ${server.name}`
      const serverMood = server.up ? 'good' : 'bad'
      const drawn: Box = { id: box, column: 4, title: server.name, detail: server.status, mood: serverMood }
      const at = boxes.findIndex((known) => known.id === box)
      // Up for one service and down for another: its box shows what is wrong, its arrows show for which.
      if (at < 0) boxes.push(drawn)
      else if (serverMood === 'bad') boxes[at] = drawn
      arrows.push({ from: id, to: box, mood: serverMood })
    }
  }
  return { boxes, arrows, words: sentences.join(' ') }
}
