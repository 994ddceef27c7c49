import type { Spec } from '../spec/spec.ts'
import type { Client } from './client.ts'
import type { Holders } from './holders.ts'
import type { Lab } from './lab.ts'
import { type LabAgent, until } from './lab-agents.ts'
import type { LabRepository } from './lab-repository.ts'

/** The running cluster that faults are injected into. */
export type DrillContext = {
  lab: Lab
  spec: Spec
  text: string
  agents: readonly LabAgent[]
  holders: Holders
  repository: LabRepository
  client: Client
  signal: AbortSignal
  /** Counts what the drill has added so far. */
  serial: number
  /** How long `agent-hang` lasts. */
  hangMs: number
}

const BACK_WITHIN_MS = 45_000

/** Every VIP is where `prefer` wants it, once, and every agent is well. */
export async function backToFirst(context: Omit<DrillContext, 'client'>): Promise<void> {
  let missing = ''
  try {
    await until(
      'every VIP back on its first node',
      BACK_WITHIN_MS,
      async () => {
        missing = await whatIsMissing(context)
        return missing === ''
      },
      context.signal,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${missing}`)
  }
}

async function whatIsMissing({ spec, agents, holders }: Omit<DrillContext, 'client'>): Promise<string> {
  for (const vip of spec.vips) {
    const held = holders.now(vip.address).join(' and ') || 'nobody'
    if (held !== vip.prefer[0]) return `${vip.name} is held by ${held}`
  }
  for (const agent of agents) {
    const status = await agent.status()
    if (status === undefined) return `the agent of ${agent.node} does not answer`
    if (!status.gate.open) return `the gate of ${agent.node} is closed: ${status.gate.reason}`
    if (status.keepalived.state !== 'running') return `keepalived of ${agent.node}: ${status.keepalived.reason}`
    const low = status.vips.find(({ score }) => score !== 100)
    if (low !== undefined) return `the score of ${low.name} on ${agent.node} is ${low.score}: ${low.scoreReason}`
  }
  return ''
}

/** The balancer that holds the first VIP and can be reached; several are joined by `+`. */
export function holder({ lab, spec, holders }: Pick<DrillContext, 'lab' | 'spec' | 'holders'>): string {
  const cut = new Set(
    lab.network
      .cuts()
      .filter(({ untilMs }) => untilMs === undefined)
      .map(({ node }) => node),
  )
  const reachable = holders.now(spec.vips[0]?.address ?? '').filter((node) => !cut.has(node))
  return reachable.join('+') || 'nobody'
}

export function agentOf({ agents }: DrillContext, node: string): LabAgent {
  const agent = agents.find((candidate) => candidate.node === node)
  if (agent === undefined) throw new Error(`no single balancer holds the first VIP (${node})`)
  return agent
}
