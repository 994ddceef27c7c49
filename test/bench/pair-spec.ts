import { parseSpec } from '../../src/spec/parse-spec.ts'
import type { Spec } from '../../src/spec/spec.ts'

export const VIP = '10.77.1.10'
export const NODES = ['lb1', 'lb2'] as const
/** What the client asks. The other service is only there to be lost: its VIP must then move without a lost request. */
export const SERVICE = 'web'

/** Two balancers, one VIP, one service on two servers. */
export function pairSpec(advertInterval: string): { text: string; spec: Spec } {
  const text = `version: 1
cluster: bench
nodes:
  lb1: { address: 10.77.0.11, interface: eth0 }
  lb2: { address: 10.77.0.12, interface: eth0 }
vrrp: { transport: unicast, advertInterval: ${advertInterval} }
vips:
  web: { address: ${VIP}, virtualRouterId: 51, prefer: [lb1, lb2] }
pools:
  others: { three: 10.77.2.23 }
  servers: { one: 10.77.2.21, two: 10.77.2.22 }
services:
  other: { vip: web, port: 81, pool: others, profile: tcp }
  ${SERVICE}: { vip: web, port: 80, pool: servers, profile: tcp }
`
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return { text, spec: parsed.spec }
}
