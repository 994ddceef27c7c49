import { ageMs } from '../../proc.ts'
import { killWithChildren } from '../../processes.ts'
import { agentOf, backToFirst, type DrillContext, holder } from '../context.ts'
import { until } from '../lab-agents.ts'
import { type Fault, moved, pause, settleAway } from './fault.ts'

/** It takes a second to end, and the agent starts it again: a VIP that then comes back at once has moved twice. */
const STARTED_AGAIN_MS = 1_500

/** An agent starts a daemon that dies soon after its start again later each time, which is not what is measured here. */
const SETTLED_DAEMON_MS = 11_000

export const keepalivedTerm: Fault = {
  name: 'keepalived-term',
  summary: 'keepalived is told to end (SIGTERM) on the MASTER',
  byDefault: true,
  spares: false,
  moves: 1,
  prepare: livesForLong,
  inject: async (context) => {
    const from = holder(context)
    process.kill(agentOf(context, from).pidOf('keepalived'), 'SIGTERM')
    await pause(context, STARTED_AGAIN_MS)
    return moved(context, from, await settleAway(context, from, 0))
  },
  mend: backToFirst,
}

export const keepalivedKill: Fault = {
  name: 'keepalived-kill',
  summary: 'keepalived is killed on the MASTER and leaves the VIP behind',
  byDefault: false,
  spares: false,
  moves: 1,
  prepare: livesForLong,
  inject: async (context) => {
    const from = holder(context)
    killWithChildren(agentOf(context, from).pidOf('keepalived'))
    await pause(context, STARTED_AGAIN_MS)
    return moved(context, from, await settleAway(context, from, 4 * context.spec.vrrp.advertIntervalMs))
  },
  mend: backToFirst,
}

async function livesForLong(context: DrillContext): Promise<void> {
  const agent = agentOf(context, holder(context))
  const test = async (): Promise<boolean> => ageMs(agent.pidOf('keepalived')) > SETTLED_DAEMON_MS
  await until('keepalived has settled', 2 * SETTLED_DAEMON_MS, test, context.signal)
}
