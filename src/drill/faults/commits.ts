import { holder } from '../context.ts'
import { withMistake, withOneMoreServer } from '../edit-spec.ts'
import { labPort } from '../lab.ts'
import { type LabAgent, syncAll } from '../lab-agents.ts'
import { type Fault, settle, stayed } from './fault.ts'

export const goodCommit: Fault = {
  name: 'good-commit',
  summary: 'a commit adds a server; every agent puts it live',
  byDefault: true,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const { lab, spec, agents, repository } = context
    const from = holder(context)
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
    const revisions = await Promise.all(agents.map(async (agent) => (await agent.status())?.applied?.revision))
    const everywhere = revisions.every((applied) => applied === revision)
    // The window must see the new server answer.
    await settle(context)
    const said = `${revision.slice(0, 12)} live on ${agents.length} nodes ${tookMs} ms after the push, and confirmed later`
    const effect = stayed(from, holder(context), said)
    return everywhere ? effect : { ...effect, held: false, said: `${revision.slice(0, 12)} is not live everywhere` }
  },
  mend: async () => undefined,
}

export const badCommit: Fault = {
  name: 'bad-commit',
  summary: 'a commit with a mistake; every agent rejects it and goes on serving',
  byDefault: true,
  spares: true,
  moves: 0,
  inject: async (context) => {
    const { spec, agents, repository } = context
    const from = holder(context)
    const before = await Promise.all(agents.map(releaseOf))
    const text = withMistake(context.text, spec)
    const revision = await repository.commit({ 'lb.yaml': text }, 'Change a virtual router id')
    await Promise.all(agents.map((agent) => agent.run(['sync'])))
    const statuses = await Promise.all(agents.map((agent) => agent.status()))
    const rejected = statuses.every((status) => status?.rejected.some((entry) => entry.revision === revision))
    const after = await Promise.all(agents.map(releaseOf))
    const reason = statuses[0]?.rejected.at(-1)?.reason ?? 'no reason'
    const effect = stayed(from, holder(context), `rejected everywhere: ${reason}`)
    if (!rejected) return { ...effect, held: false, said: 'an agent did not reject it' }
    if (after.join() !== before.join()) return { ...effect, held: false, said: 'an agent changed its release' }
    return effect
  },
  mend: async ({ repository, agents, text }) => {
    await repository.commit({ 'lb.yaml': text }, 'Take the mistake back')
    await syncAll(agents, '--wait')
  },
}

async function releaseOf(agent: LabAgent): Promise<string | undefined> {
  return (await agent.status())?.applied?.release
}
