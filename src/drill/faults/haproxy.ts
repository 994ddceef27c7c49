import { renameSync } from 'node:fs'
import { killWithChildren, signalAll, withChildren } from '../../processes.ts'
import { agentOf, backToFirst, type DrillContext, holder } from '../context.ts'
import { pidsIn } from '../ip.ts'
import { until } from '../lab-agents.ts'
import { type Effect, type Fault, moved, movesFrom, pause, settle, settleAway, settleBack, stayed } from './fault.ts'

export const haproxyKill: Fault = {
  name: 'haproxy-kill',
  summary: 'HAProxy is killed on the MASTER',
  byDefault: true,
  spares: false,
  moves: 1,
  inject: async (context) => {
    const from = holder(context)
    killWithChildren(agentOf(context, from).pidOf('haproxy'))
    return moved(context, from, await settleAway(context, from, 0))
  },
  mend: backToFirst,
}

export const haproxyHang: Fault = {
  name: 'haproxy-hang',
  summary: 'HAProxy hangs (SIGSTOP) on the MASTER: it accepts connections and does not answer',
  byDefault: true,
  spares: false,
  moves: 1,
  inject: async (context) => {
    const from = holder(context)
    signalAll(withChildren(agentOf(context, from).pidOf('haproxy')), 'SIGSTOP')
    return moved(context, from, await settleAway(context, from, 1_000))
  },
  mend: async (context) => {
    for (const { node } of context.agents) signalAll(await pidsIn(context.lab.network.namespace(node)), 'SIGCONT')
    await backToFirst(context)
  },
}

export const haproxyRestart: Fault = {
  name: 'haproxy-restart',
  summary: 'HAProxy is killed on the MASTER, started again by the agent, and the VIP comes back',
  byDefault: false,
  spares: false,
  moves: 2,
  inject: async (context) => {
    const from = holder(context)
    const agent = agentOf(context, from)
    const pid = agent.pidOf('haproxy')
    killWithChildren(pid)
    const to = await settleAway(context, from, 0)
    const last = await settleBack(context, from, 20_000)
    const again = agent.pidOf('haproxy')
    const held = to !== from && last === from && again !== pid
    return {
      held,
      said: held ? `the VIP moved to ${to} and came back` : `the VIP moved from ${from} to ${to}, then to ${last}`,
      from,
      to: last,
      moves: twice(movesFrom(context.spec, [from])),
    }
  },
  mend: backToFirst,
}

const RELOADS = 20
const RELOAD_EVERY_MS = 500

export const haproxyReload: Fault = {
  name: 'haproxy-reload',
  summary: `HAProxy is reloaded ${RELOADS} times on the MASTER, past the agent`,
  byDefault: false,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const from = holder(context)
    const master = agentOf(context, from).pidOf('haproxy')
    for (let done = 0; done < RELOADS; done += 1) {
      process.kill(master, 'SIGUSR2')
      await pause(context, RELOAD_EVERY_MS)
    }
    await settle(context)
    return stayed(from, holder(context), `${RELOADS} reloads, and the VIP stayed on ${from}`)
  },
  mend: backToFirst,
}

export const haproxyKillPair: Fault = {
  name: 'haproxy-kill-pair',
  summary: 'HAProxy is killed on the first node and does not come back, then on the second',
  byDefault: false,
  spares: false,
  moves: 2,
  whyNot: ({ vips }) =>
    (vips[0]?.prefer.length ?? 0) < 3 ? 'the first VIP has fewer than three nodes to go to' : undefined,
  inject: async (context): Promise<Effect> => {
    const struck: string[] = []
    for (const _ of ['first', 'second']) {
      const node = holder(context)
      struck.push(node)
      const agent = agentOf(context, node)
      // An HAProxy without its file does not start, so that this node stays down.
      renameSync(...configOf(context, node))
      killWithChildren(agent.pidOf('haproxy'))
      await settleAway(context, node, 0)
    }
    const to = holder(context)
    const held = !struck.includes(to) && to !== 'nobody' && !to.includes('+') && new Set(struck).size === 2
    const way = struck.join(', then from ')
    const said = held ? `the VIP moved from ${way} to ${to}` : `the VIP of ${way} is held by ${to}`
    return { held, said, from: struck[0] ?? '', to, moves: movesFrom(context.spec, struck) }
  },
  mend: async (context) => {
    for (const { name } of context.spec.nodes) {
      const [file, away] = configOf(context, name)
      try {
        renameSync(away, file)
      } catch {
        // This one was not taken away.
      }
    }
    await backToFirst(context)
  },
}

/** An agent that has been away for this long is a steady state: its heartbeat is old, and keepalived's own check counts. */
const AGENT_AWAY_MS = 4_000
const MOVES_WITHIN_MS = 3_000

export const haproxyKillWithoutAgent: Fault = {
  name: 'haproxy-kill-without-agent',
  summary: `the agent of the MASTER is dead, then HAProxy is killed; the VIP moves within ${MOVES_WITHIN_MS / 1000} s`,
  byDefault: false,
  spares: false,
  moves: 1,
  prepare: async (context) => {
    await agentOf(context, holder(context)).end('SIGKILL')
    await pause(context, AGENT_AWAY_MS)
  },
  inject: async (context) => {
    const from = holder(context)
    killWithChildren(agentOf(context, from).pidOf('haproxy'))
    const to = await settleAway(context, from, MOVES_WITHIN_MS + 3_000)
    return { ...moved(context, from, to), longestGapMs: MOVES_WITHIN_MS }
  },
  mend: async (context) => {
    const first = agentOf(context, context.spec.vips[0]?.prefer[0] ?? '')
    first.start()
    await until('the agent answers', 15_000, async () => (await first.status()) !== undefined, context.signal)
    await backToFirst(context)
  },
}

function configOf({ lab }: DrillContext, node: string): [string, string] {
  const file = `${lab.nodeDirectory(node)}/etc/haproxy/haproxy.cfg`
  return [file, `${file}.away`]
}

function twice(moves: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(moves).map(([vip, count]) => [vip, 2 * count]))
}
