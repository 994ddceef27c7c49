import { setTimeout as sleep } from 'node:timers/promises'
import type { Spec } from '../../spec/spec.ts'
import { backToFirst, type DrillContext, holder } from '../context.ts'
import { until } from '../lab-agents.ts'
import { cameBack, type Fault, moved, settleAway, settleBack, stayed } from './fault.ts'

/** HAProxy's checks have to fail, the agent has to hear of it, and VRRP has to decide. */
const NOTICED_WITHIN_MS = 20_000
const AWAY_MS = 8_000

export const backendsDownHere: Fault = {
  name: 'backends-down-here',
  summary: 'the MASTER alone cannot reach the servers of the first service',
  byDefault: false,
  spares: true,
  moves: 1,
  inject: async (context) => {
    const { pool, services, vips } = firstPool(context.spec)
    const from = holder(context)
    await context.lab.network.block(from, addressesOf(context.spec, pool))
    const to = await settleAway(context, from, NOTICED_WITHIN_MS)
    return { ...moved(context, from, to, vips), taken: services, longestGapMs: NOTICED_WITHIN_MS }
  },
  mend: unblock,
}

export const failingBack: Fault = {
  name: 'failing-back',
  summary: 'the servers that the first node could not reach can be reached again, and the VIP comes back',
  byDefault: false,
  spares: true,
  moves: 1,
  prepare: async (context) => {
    const from = holder(context)
    await context.lab.network.block(from, addressesOf(context.spec, firstPool(context.spec).pool))
    await settleAway(context, from, NOTICED_WITHIN_MS)
  },
  inject: async (context) => {
    const { pool, vips } = firstPool(context.spec)
    const from = holder(context)
    const first = context.spec.vips[0]?.prefer[0] ?? ''
    await context.lab.network.unblock(first, addressesOf(context.spec, pool))
    return cameBack(context, from, await settleBack(context, first, NOTICED_WITHIN_MS), vips)
  },
  mend: unblock,
}

export const backendsDownEverywhere: Fault = {
  name: 'backends-down-everywhere',
  summary: `every server of the first service is down for ${AWAY_MS / 1000} s`,
  byDefault: false,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const { lab, client, spec, signal } = context
    const { pool, services } = firstPool(spec)
    const hosts = lab.serversOf(addressesOf(spec, pool))
    const from = holder(context)
    for (const host of hosts) await lab.stopServer(host)
    await sleep(AWAY_MS, undefined, { signal })
    for (const host of hosts) await lab.startServer(host)
    const startedAt = performance.now()
    await until(
      'every service answers again',
      NOTICED_WITHIN_MS,
      async () => Object.values(await client.report()).every(({ silentMs }) => silentMs < 200),
      signal,
    )
    const tookMs = Math.round(performance.now() - startedAt)
    const said = `the VIP stayed on ${from}; every service answered ${tookMs} ms after its servers`
    return { ...stayed(from, holder(context), said), taken: services, longestGapMs: AWAY_MS + NOTICED_WITHIN_MS }
  },
  mend: backToFirst,
}

/** The pool of the first VIP's first service, what stands or falls with it, and the VIPs of that. */
function firstPool(spec: Spec): { pool: string; services: string[]; vips: string[] } {
  const first = spec.services.find(({ vip }) => vip === spec.vips[0]?.name)
  if (first === undefined) throw new Error('the first VIP has no service')
  const services = spec.services.filter(({ pool }) => pool === first.pool)
  return { pool: first.pool, services: services.map(({ name }) => name), vips: services.map(({ vip }) => vip) }
}

function addressesOf(spec: Spec, pool: string): string[] {
  return spec.pools.find(({ name }) => name === pool)?.servers.map(({ address }) => address) ?? []
}

async function unblock(context: DrillContext): Promise<void> {
  const { spec, lab } = context
  for (const { name } of spec.nodes) await lab.network.unblock(name, addressesOf(spec, firstPool(spec).pool))
  await backToFirst(context)
}
