import type { Parts } from './parts.ts'
import { concerns } from './timeline/event.ts'
import type { Why } from './timeline/tell.ts'

/** One VIP now and what happened to it; a sentence when neither this node nor its timeline knows the VIP. */
export function whyOf(parts: Parts, vip: string): Why | string {
  const vips = parts.expected.get()?.vips ?? []
  const all = parts.timeline.latest(Number.POSITIVE_INFINITY)
  const told = all.flatMap((event) => (event.kind === 'vrrp' ? [event.vip] : []))
  const known = [...new Set([...vips.map(({ name }) => name), ...told])]
  if (!known.includes(vip)) {
    return `this node has no VIP ${JSON.stringify(vip)}; it knows ${known.length === 0 ? 'none yet' : known.join(', ')}`
  }
  const address = vips.find(({ name }) => name === vip)?.address ?? ''
  const state = parts.vrrp.get(vip)
  return {
    node: parts.config.node,
    vip,
    address,
    state: state?.state ?? 'UNKNOWN',
    sinceMs: state?.sinceMs ?? null,
    held: address !== '' && parts.addresses().has(address),
    atMs: parts.now(),
    events: all.filter((event) => concerns(event, vip)),
  }
}
