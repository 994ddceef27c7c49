import { setTimeout as sleep } from 'node:timers/promises'
import { agentOf, backToFirst, holder } from '../context.ts'
import { killWithChildren } from '../processes.ts'
import { type Fault, moved, settleAway } from './fault.ts'

/** It takes a second to end, and the agent starts it again: a VIP that then comes back at once has moved twice. */
const STARTED_AGAIN_MS = 1_500

export const keepalivedTerm: Fault = {
  name: 'keepalived-term',
  summary: 'keepalived is told to end (SIGTERM) on the MASTER',
  byDefault: true,
  spares: false,
  moves: 1,
  inject: async (context) => {
    const from = holder(context)
    process.kill(agentOf(context, from).pidOf('keepalived'), 'SIGTERM')
    await sleep(STARTED_AGAIN_MS)
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
  inject: async (context) => {
    const from = holder(context)
    killWithChildren(agentOf(context, from).pidOf('keepalived'))
    await sleep(STARTED_AGAIN_MS)
    return moved(context, from, await settleAway(context, from, 4 * context.spec.vrrp.advertIntervalMs))
  },
  mend: backToFirst,
}
