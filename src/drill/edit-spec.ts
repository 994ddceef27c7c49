import { parseDocument } from 'yaml'
import type { Server, Spec } from '../spec/spec.ts'

/** lb.yaml with one more server in the pool of the first service, as a person would add it. */
export function withOneMoreServer(
  text: string,
  spec: Spec,
  number: number,
): { text: string; server: Pick<Server, 'name' | 'address'>; pool: string } {
  const pool = spec.services[0]?.pool ?? ''
  const known = spec.pools.find(({ name }) => name === pool)?.servers ?? []
  const server = { name: `drill${number}`, address: unusedAddress(spec, known.at(-1)?.address ?? '', number) }
  const document = parseDocument(text)
  document.setIn(['pools', pool, server.name], server.address)
  return { text: document.toString({ lineWidth: 0 }), server, pool }
}

/** lb.yaml whose VIPs come back this long after their first node has recovered, whatever it says of that; the rest stays. */
export function withFailback(text: string, after: string): string {
  const document = parseDocument(text)
  document.setIn(['vrrp', 'failback'], { after })
  return document.toString({ lineWidth: 0 })
}

/** lb.yaml with a mistake that people make: a virtual router id that does not exist. */
export function withMistake(text: string, spec: Spec): string {
  const document = parseDocument(text)
  document.setIn(['vips', spec.vips[0]?.name ?? '', 'virtualRouterId'], 300)
  return document.toString({ lineWidth: 0 })
}

/** An address beside `like` that nothing in the spec uses. */
function unusedAddress(spec: Spec, like: string, offset: number): string {
  const separator = like.includes(':') ? ':' : '.'
  const base = separator === ':' ? 16 : 10
  const used = new Set([
    ...spec.nodes.map(({ address }) => address),
    ...spec.vips.map(({ address }) => address),
    ...spec.pools.flatMap(({ servers }) => servers.map(({ address }) => address)),
  ])
  const head = like.slice(0, like.lastIndexOf(separator) + 1)
  const last = Number.parseInt(like.slice(head.length), base)
  let left = offset
  for (let step = 1; step < 250; step += 1) {
    const candidate = `${head}${((last + step) % 250).toString(base)}`
    if (!used.has(candidate)) left -= 1
    if (left === 0) return candidate
  }
  throw new Error(`no unused address beside ${like}`)
}
