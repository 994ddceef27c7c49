import { agentOf, backToFirst, type DrillContext, holder } from '../context.ts'
import { until } from '../lab-agents.ts'
import { cameBack, type Fault, moved, settleAway, settleBack } from './fault.ts'

const NOTICED_WITHIN_MS = 20_000

export const nodeCut: Fault = {
  name: 'node-cut',
  summary: 'the node that holds the VIPs is cut off the network',
  byDefault: true,
  spares: false,
  moves: 1,
  inject: async (context) => {
    const from = holder(context)
    await context.lab.network.cut(from)
    const longestGapMs = Math.max(1_000, 4 * context.spec.vrrp.advertIntervalMs)
    return { ...moved(context, from, await settleAway(context, from, 0)), longestGapMs }
  },
  mend: healAll,
}

export const nodeHeal: Fault = {
  name: 'node-heal',
  summary: 'a node that was cut off, and still holds the VIPs, is back on the network',
  byDefault: false,
  spares: false,
  moves: 1,
  prepare: async (context) => {
    const from = holder(context)
    await context.lab.network.cut(from)
    await settleAway(context, from, 0)
    await seesNoServer(context, from)
  },
  inject: async (context) => {
    const from = holder(context)
    const first = context.spec.vips[0]?.prefer[0] ?? ''
    await context.lab.network.heal(first)
    return cameBack(context, from, await settleBack(context, first, 20_000))
  },
  mend: healAll,
}

/** A node that is cut off for longer knows that it reaches nothing; until then it would take the VIPs on old checks. */
async function seesNoServer(context: DrillContext, node: string): Promise<void> {
  const agent = agentOf(context, node)
  const test = async (): Promise<boolean> => (await agent.status())?.vips.every(({ score }) => score === 0) ?? false
  await until(`${node} sees no server any more`, NOTICED_WITHIN_MS, test, context.signal)
}

async function healAll(context: DrillContext): Promise<void> {
  for (const agent of context.agents) await context.lab.network.heal(agent.node)
  await backToFirst(context)
}
