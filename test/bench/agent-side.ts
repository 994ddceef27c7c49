import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../src/drill/lab.ts'
import { createLabAgents, type LabAgent, syncAll, until } from '../../src/drill/lab-agents.ts'
import { createLabRepository } from '../../src/drill/lab-repository.ts'
import { CLEAN_ENV, describeFailure, exec, succeeded } from '../../src/exec.ts'
import type { Side } from './measure.ts'

const READY_WITHIN_MS = 30_000

/**
 * The first side: a real agent that is told to look at its repository. `texts` are two lb.yaml that alternate; `files` are
 * the two haproxy.cfg that the agent makes of them, for the other side.
 */
export async function prepareAgentSide(
  lab: Lab,
  texts: readonly string[],
  reloads: number,
  signal: AbortSignal,
): Promise<{ side: Side; files: readonly string[] }> {
  const repository = await createLabRepository(lab.directory)
  const bare = repository.url.replace('file://', '')
  await repository.commit({ 'lb.yaml': texts[0] ?? '' }, 'Weight 1')
  const [agent] = createLabAgents(lab, ['lb1'], {
    repositoryUrl: repository.url,
    // The confirm window is a wait after the reload; here the next reload comes soon.
    settings: 'apply: { confirmWindow: 200ms }',
  })
  if (agent === undefined) throw new Error('the lab has no balancer')
  await start(lab, agent, signal)
  const liveFile = join(agent.directory, 'etc/haproxy/haproxy.cfg')
  const files = [readFileSync(liveFile, 'utf8')]
  await repository.commit({ 'lb.yaml': texts[1] ?? '' }, 'Weight 2')
  await syncAll([agent], '--wait')
  files.push(readFileSync(liveFile, 'utf8'))
  await stop(agent, signal)

  // Committing costs processor time that a balancer does not spend, so all commits exist beforehand.
  const commits = await alternateCommits(bare, reloads)
  return {
    files,
    side: {
      name: 'lb-agent',
      start: () => start(lab, agent, signal),
      reload: async () => {
        const startedAt = performance.now()
        await git(bare, ['update-ref', 'refs/heads/main', commits.shift() ?? ''])
        const said = await agent.run(['sync', '--json'])
        const changeMs = performance.now() - startedAt
        if (!succeeded(said)) throw new Error(`sync: ${said.stdout.toString('utf8') || describeFailure(said)}`)
        return { reloadMs: stageMs(said.stdout.toString('utf8')), changeMs }
      },
      stop: () => stop(agent, signal),
    },
  }
}

async function start(lab: Lab, agent: LabAgent, signal: AbortSignal): Promise<void> {
  agent.start()
  const isServing = async (): Promise<boolean> => {
    const status = await agent.status()
    return (
      status?.gate.open === true &&
      status.vips[0]?.state === 'MASTER' &&
      (await lab.holdersOf(status.vips[0].address)).length === 1
    )
  }
  await until('the agent serves', READY_WITHIN_MS, isServing, signal)
}

async function stop(agent: LabAgent, signal: AbortSignal): Promise<void> {
  const said = await agent.run(['stop'])
  if (!succeeded(said)) throw new Error(`stop: ${describeFailure(said)}`)
  await until('the agent ends', READY_WITHIN_MS, async () => (await agent.status()) === undefined, signal)
}

/** What the agent itself measured between telling HAProxy and the new worker's answer. */
function stageMs(json: string): number {
  const { events } = JSON.parse(json) as { events: { stage?: string; durationMs?: number }[] }
  const stages = events.filter(({ stage }) => stage === 'reload haproxy' || stage === 'confirm haproxy')
  if (stages.length !== 2) throw new Error(`sync reloaded nothing: ${json}`)
  return stages.reduce((total, { durationMs = 0 }) => total + durationMs, 0)
}

/** Commits on top of `main` whose trees alternate between those of its last two; `main` stays where it is. */
async function alternateCommits(bare: string, count: number): Promise<string[]> {
  const trees = [await git(bare, ['rev-parse', 'main~1^{tree}']), await git(bare, ['rev-parse', 'main^{tree}'])]
  const commits: string[] = []
  let parent = await git(bare, ['rev-parse', 'main'])
  for (let number = 0; number < count; number += 1) {
    parent = await git(bare, ['commit-tree', trees[number % 2] ?? '', '-p', parent, '-m', `Reload ${number + 1}`])
    commits.push(parent)
  }
  return commits
}

async function git(bare: string, args: readonly string[]): Promise<string> {
  const person = { NAME: 'bench', EMAIL: 'bench@lb-agent.invalid' }
  const env = {
    ...CLEAN_ENV,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  }
  const result = await exec('git', [`--git-dir=${bare}`, ...args], { timeoutMs: 10_000, env })
  if (!succeeded(result)) throw new Error(`git ${args[0]}: ${describeFailure(result)}`)
  return result.stdout.toString('utf8').trim()
}
