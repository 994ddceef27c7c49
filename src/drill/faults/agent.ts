import { agentOf, backToFirst, type DrillContext, holder } from '../context.ts'
import { type LabAgent, replaceBundle, until } from '../lab-agents.ts'
import { type Fault, pause, settle, stayed } from './fault.ts'

/** Longer than the agent's heartbeat counts (2 s), so that keepalived's own check has to answer for HAProxy. */
const DEAD_MS = 5_000

export const agentKill: Fault = {
  name: 'agent-kill',
  summary: `the agent of the MASTER is killed and started again ${DEAD_MS / 1000} s later`,
  byDefault: false,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const from = holder(context)
    const agent = agentOf(context, from)
    await agent.end('SIGKILL')
    await pause(context, DEAD_MS)
    agent.start()
    await answers(context, agent)
    await settle(context)
    return stayed(from, holder(context), `the VIP stayed on ${from} without an agent, and with the next one`)
  },
  mend: backToFirst,
}

export const agentHang: Fault = {
  name: 'agent-hang',
  summary: 'the agent of the MASTER hangs (SIGSTOP) for half a minute, while HAProxy lives',
  byDefault: false,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const from = holder(context)
    const agent = agentOf(context, from)
    agent.signal('SIGSTOP')
    try {
      await pause(context, context.hangMs)
    } finally {
      agent.signal('SIGCONT')
    }
    await answers(context, agent)
    await settle(context)
    return stayed(from, holder(context), `the VIP stayed on ${from} for ${context.hangMs / 1000} s`)
  },
  mend: backToFirst,
}

export const agentUpgrade: Fault = {
  name: 'agent-upgrade',
  summary: "the agent's bundle is replaced, and every agent restarted, one after the other",
  byDefault: false,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const from = holder(context)
    context.serial += 1
    replaceBundle(context.lab, `upgrade ${context.serial}`)
    for (const agent of context.agents) {
      const before = (await agent.status())?.agent.pid
      await agent.end('SIGTERM')
      agent.start()
      await answers(context, agent, before)
    }
    await settle(context)
    return stayed(from, holder(context), `${context.agents.length} agents upgraded, and the VIP stayed on ${from}`)
  },
  mend: backToFirst,
}

async function answers({ signal }: DrillContext, agent: LabAgent, otherThan?: number): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const pid = (await agent.status())?.agent.pid
    return pid !== undefined && pid !== otherThan
  }
  await until(`the agent of ${agent.node} answers`, 20_000, isThere, signal)
}
