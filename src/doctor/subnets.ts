import * as z from 'zod'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import type { Examined } from './examined.ts'
import { onLinkVerdict, type Route, sameNetworkVerdict, wayOf } from './verdicts/subnets.ts'
import type { Verdict } from './verdicts/verdict.ts'

/** Can a VIP move by ARP between these nodes, and do its clients ask for it here? */
export const SUBNET_CHECKS: readonly Check[] = [
  { family: 'network', name: 'subnets', look: lookAtSubnets },
  { family: 'network', name: 'ways to other nodes', look: lookAtWays },
]

async function lookAtSubnets({ desired }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  if (desired.kind === 'unknown') return {}
  const { node, spec } = desired
  const vips = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  const verdicts = vips.map(
    async (vip) =>
      [`subnet of VIP ${vip.name}`, onLinkVerdict(vip, node, await routesTo(vip.address, signal))] as const,
  )
  return Object.fromEntries(await Promise.all(verdicts))
}

async function lookAtWays({ desired }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  if (desired.kind === 'unknown') return {}
  const { node, spec } = desired
  const ours = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  const verdicts = spec.nodes.map(async (peer) => {
    const vips = ours.filter(({ prefer }) => prefer.includes(peer.name)).map(({ name }) => name)
    if (peer.name === node.name || vips.length === 0) return []
    const said = await exec('ip', ['-o', 'route', 'get', peer.address], { timeoutMs: 2_000, signal })
    return [[`way to ${peer.name}`, sameNetworkVerdict(vips, peer, wayOf(said.stdout.toString('utf8')))] as const]
  })
  return Object.fromEntries((await Promise.all(verdicts)).flat())
}

const routesSchema = z.array(
  z.object({
    dst: z.string(),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    via: z.unknown().optional(),
    protocol: z.string().optional(),
  }),
)

/** Of the main table: a VIP that is held here is in the table of local ones. */
async function routesTo(address: string, signal: AbortSignal): Promise<Route[]> {
  const family = address.includes(':') ? '-6' : '-4'
  const words = ['-j', family, 'route', 'show', 'table', 'main', 'to', 'match', address]
  const said = await exec('ip', words, { timeoutMs: 2_000, signal })
  if (!succeeded(said)) throw new Error(`ip route: ${describeFailure(said)}`)
  const routes = routesSchema.parse(JSON.parse(said.stdout.toString('utf8') || '[]'))
  // `via` is a gateway of another family.
  return routes.map(({ dst, dev, gateway, via, protocol }) => ({
    dst,
    dev,
    gateway: gateway ?? (via === undefined ? undefined : 'of another family'),
    ofAddress: protocol === 'kernel',
  }))
}
