import type { InstallOptions, Obstacle, Step } from '../install/options.ts'
import { type InstallPlan, planInstall } from '../install/plan-install.ts'
import { forTerminal } from '../words.ts'
import {
  changeHost,
  type Did,
  isWell,
  type Performed,
  type PerformOptions,
  performSteps,
  printObstacles,
  printUndone,
} from './perform.ts'
import { paintDiff } from './print.ts'

export type InstallCliOptions = PerformOptions & Partial<InstallOptions> & { config: string }

/** Packages first, then a second look. */
const MAX_ROUNDS = 2

/**
 * Sets up this host: looks, shows, asks, does. 0 = it serves, or nothing was to do; 1 = something is in the way, or it has ended
 * where somebody must act at once.
 */
export async function install(options: InstallCliOptions): Promise<number> {
  return changeHost('install', options, async (signal) => {
    const did: Did[number][] = []
    for (let round = 1; ; round += 1) {
      const plan = await planInstall(wishesOf(options), signal)
      if (signal.aborted) return endInterrupted(options, did)
      if (options.json !== true) printPlan(plan, round)
      const steps = stepsOf(plan)
      const performed = steps.length === 0 ? undefined : await performSteps(steps, options, signal)
      did.push(...(performed?.did ?? []))
      const next = plan.kind === 'first' && performed?.kind === 'done' ? plan.next : undefined
      const goesOn = plan.kind === 'first' && performed?.kind === 'done' && next === undefined && round < MAX_ROUNDS
      if (goesOn) continue
      const ok = plan.kind !== 'obstacles' && isWell(performed) && next === undefined
      if (options.json === true) console.log(JSON.stringify(reportOf(plan, { did, performed, next, ok }), undefined, 2))
      else printEnd(plan, { did, performed, next })
      return ok ? 0 : 1
    }
  })
}

function wishesOf(options: InstallCliOptions): InstallOptions {
  return {
    config: options.config,
    repo: options.repo,
    branch: options.branch,
    path: options.path,
    node: options.node,
    listen: options.listen,
    key: options.key,
    newKey: options.newKey === true,
    hostKey: options.hostKey,
    alone: options.alone === true,
    acceptGap: options.acceptGap === true,
  }
}

/** While it looked: there are no steps to speak of. */
function endInterrupted(options: InstallCliOptions, did: Did): number {
  if (options.json === true) console.log(JSON.stringify({ format: 1, ok: false, problems: [], did }, undefined, 2))
  else printUndone({ kind: 'interrupted', did, during: undefined })
  return 1
}

function stepsOf(plan: InstallPlan): readonly Step[] {
  return plan.kind === 'obstacles' ? [] : plan.steps
}

function printPlan(plan: InstallPlan, round: number): void {
  if (round === 1) console.log(`${plan.distribution.name}, packages by ${plan.distribution.manager}`)
  if (plan.kind !== 'steps') return
  const { config, wanted, changes, takeover } = plan
  console.log(
    `node ${config.node} of cluster ${wanted.spec.cluster}, ${wanted.release.revision.slice(0, 12)} "${forTerminal(wanted.subject)}"`,
  )
  console.log(`proof: ${forTerminal(wanted.proven)}`)
  for (const { diff } of changes) console.log(paintDiff(forTerminal(diff)))
  for (const { consequence } of changes) console.log(consequence)
  for (const gap of takeover.gaps) console.log(`a VIP is away for less than a second: ${gap}`)
}

/** `did`: in all rounds. `next`: what a person has to do before the rest. */
type End = { did: Did; performed: Performed | undefined; next: Obstacle | undefined }

function printEnd(plan: InstallPlan, { did, performed, next }: End): void {
  if (plan.kind === 'obstacles') {
    printObstacles(plan.obstacles)
    console.log(did.length === 0 ? 'nothing was changed' : 'what stands above with ok is done, and stays')
  } else if (next !== undefined) printObstacles([next])
  else if (performed === undefined) console.log('nothing to do: all of it is there, and the agent runs')
  else if (performed.kind === 'done')
    console.log(
      'done. Next: lb-agent doctor looks for what would keep this node from taking over; lb-agent status --cluster shows all nodes',
    )
  else if (performed.kind === 'only shown' && plan.kind === 'first')
    console.log('what follows is known once that is done. Nothing was changed')
  else printUndone({ ...performed, did })
}

function reportOf(plan: InstallPlan, { did, performed, next, ok }: End & { ok: boolean }) {
  const failed = performed?.kind === 'failed' ? [performed.obstacle] : []
  const obstacles = plan.kind === 'obstacles' ? plan.obstacles : next === undefined ? failed : [next]
  const isShown = performed?.kind === 'only shown'
  return {
    format: 1,
    distribution: plan.distribution.name,
    node: plan.kind === 'steps' ? plan.config.node : null,
    revision: plan.kind === 'steps' ? plan.wanted.release.revision : null,
    proof: plan.kind === 'steps' ? plan.wanted.proven : null,
    ok,
    problems: obstacles,
    did,
    todo: isShown ? stepsOf(plan).map(({ what, shows }) => ({ what, shows: shows ?? null })) : [],
    changes: plan.kind === 'steps' ? plan.changes : [],
    takeover:
      plan.kind === 'steps' ? { stays: plan.takeover.stays, left: plan.takeover.left, gaps: plan.takeover.gaps } : null,
  }
}
