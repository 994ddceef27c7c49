import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { withMistake, withOneMoreServer } from './edit-spec.ts'
import { labPort } from './lab.ts'
import { type LabAgent, syncAll, until } from './lab-agents.ts'
import type { DrillContext } from './run-drill.ts'

/** What happened in one round, besides what the client saw. `held`: the fault had the effect that it should have. */
export type Effect = { held: boolean; said: string; from: string; to: string }

export type Fault = {
  name: string
  summary: string
  /** The client must not lose a single request. */
  spares: boolean
  inject(context: DrillContext): Promise<Effect>
  /** Puts things right again, outside the measured window. */
  mend(context: DrillContext): Promise<void>
}

/** VRRP has long decided by then, and looking more often would take processor time from what is measured. */
const SETTLED_MS = 1_500
const BACK_WITHIN_MS = 30_000

export const FAULTS: readonly Fault[] = [
  {
    name: 'good-commit',
    summary: 'a commit adds a server; every agent puts it live',
    spares: true,
    inject: async (context) => {
      const { lab, spec, agents, repository } = context
      context.serial += 1
      const { text, server, pool } = withOneMoreServer(context.text, spec, context.serial)
      const ports = spec.services
        .filter((service) => service.pool === pool)
        .map((service) => labPort(service, { port: undefined }))
      await lab.addServer(server, ports)
      const startedAt = performance.now()
      const revision = await repository.commit({ 'lb.yaml': text }, `Add ${server.name} to ${pool}`)
      await syncAll(agents)
      const tookMs = Math.round(performance.now() - startedAt)
      await syncAll(agents, '--wait')
      const releases = await Promise.all(agents.map(async (agent) => (await agent.status())?.applied?.revision))
      const everywhere = releases.every((release) => release === revision)
      // The window must see the new server answer.
      await sleep(SETTLED_MS)
      return {
        held: everywhere,
        said: `${revision.slice(0, 12)} live and confirmed on ${agents.length} nodes ${tookMs} ms after the push`,
        ...still(await holder(context)),
      }
    },
    mend: async () => undefined,
  },
  {
    name: 'bad-commit',
    summary: 'a commit with a mistake; every agent rejects it and goes on serving',
    spares: true,
    inject: async (context) => {
      const { spec, agents, repository } = context
      const before = await Promise.all(agents.map(releaseOf))
      const revision = await repository.commit(
        { 'lb.yaml': withMistake(context.text, spec) },
        'Change a virtual router id',
      )
      await Promise.all(agents.map((agent) => agent.run(['sync'])))
      const statuses = await Promise.all(agents.map((agent) => agent.status()))
      const rejected = statuses.every((status) => status?.rejected.some((entry) => entry.revision === revision))
      const after = await Promise.all(agents.map(releaseOf))
      const reason = statuses[0]?.rejected.at(-1)?.reason ?? 'no reason'
      return {
        held: rejected && after.join() === before.join(),
        said: `rejected everywhere: ${reason}`,
        ...still(await holder(context)),
      }
    },
    mend: async ({ repository, agents, text }) => {
      await repository.commit({ 'lb.yaml': text }, 'Take the mistake back')
      await syncAll(agents, '--wait')
    },
  },
  {
    name: 'haproxy-kill',
    summary: 'HAProxy is killed on the MASTER',
    spares: false,
    inject: async (context) => {
      const from = await holder(context)
      const agent = agentOf(context, from)
      for (const pid of withChildren(agent.pidOf('haproxy'))) process.kill(pid, 'SIGKILL')
      await sleep(SETTLED_MS)
      return moved(from, await holder(context))
    },
    mend: backToFirst,
  },
  {
    name: 'node-cut',
    summary: 'the node that holds the VIPs is cut off the network',
    spares: false,
    inject: async (context) => {
      const from = await holder(context)
      await context.lab.network.cut(from)
      await sleep(SETTLED_MS)
      return moved(from, await holder(context, from))
    },
    mend: async (context) => {
      for (const agent of context.agents) await context.lab.network.heal(agent.node)
      await backToFirst(context)
    },
  },
]

/** Every VIP is where `prefer` wants it, once, and every agent is well. */
export async function backToFirst({ lab, spec, agents, signal }: DrillContext): Promise<void> {
  await until(
    'every VIP back on its first node',
    BACK_WITHIN_MS,
    async () => {
      await sleep(100)
      for (const vip of spec.vips) if ((await lab.holdersOf(vip.address)).join() !== vip.prefer[0]) return false
      const statuses = await Promise.all(agents.map((agent) => agent.status()))
      return statuses.every((status) => status?.gate.open === true && status.keepalived.state === 'running')
    },
    signal,
  )
}

/** The node that holds the first VIP; nodes that hold it together are joined by `+`. */
async function holder({ lab, spec }: DrillContext, but?: string): Promise<string> {
  const holders = await lab.holdersOf(spec.vips[0]?.address ?? '')
  return holders.filter((node) => node !== but).join('+') || 'nobody'
}

function moved(from: string, to: string): Effect {
  const held = to !== from && to !== 'nobody' && !to.includes('+')
  return { held, said: held ? `the VIPs moved from ${from} to ${to}` : `the VIP of ${from} is held by ${to}`, from, to }
}

function still(node: string): { from: string; to: string } {
  return { from: node, to: node }
}

function agentOf({ agents }: DrillContext, node: string): LabAgent {
  const agent = agents.find((candidate) => candidate.node === node)
  if (agent === undefined) throw new Error(`no single balancer holds the first VIP (${node})`)
  return agent
}

async function releaseOf(agent: LabAgent): Promise<string | undefined> {
  return (await agent.status())?.applied?.release
}

/** A process and its children: HAProxy's master and its workers. */
function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  return [pid, ...children]
}
