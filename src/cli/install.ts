import type { InstallOptions, Step } from '../install/options.ts'
import { type InstallPlan, planInstall } from '../install/plan-install.ts'
import { forTerminal } from '../words.ts'
import {
  interruptible,
  type Performed,
  type PerformOptions,
  performSteps,
  printObstacles,
  whyNobodySaysYes,
} from './perform.ts'
import { paintDiff } from './print.ts'

export type InstallCliOptions = PerformOptions & Partial<InstallOptions> & { config: string }

/** Packages first, then a second look. */
const MAX_ROUNDS = 2

/** Sets up this host: looks, shows, asks, does. 0 = it serves, or nothing was to do; 1 = something is in the way. */
export async function install(options: InstallCliOptions): Promise<number> {
  const unasked = whyNobodySaysYes(options)
  if (unasked !== undefined || process.getuid?.() !== 0) {
    console.error(
      `lb-agent: ${unasked ?? 'install changes this host: run it as root, or with sudo'}; nothing was changed`,
    )
    return 2
  }
  const signal = interruptible()
  const wanted: InstallOptions = {
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
  const did: Performed['did'][number][] = []
  for (let round = 1; ; round += 1) {
    const plan = await planInstall(wanted, signal)
    if (options.json !== true) printPlan(plan, round)
    const steps = stepsOf(plan)
    const performed = steps.length === 0 ? undefined : await performSteps(steps, options, signal)
    did.push(...(performed?.did ?? []))
    const goesOn = plan.kind === 'packages' && performed?.kind === 'done' && round < MAX_ROUNDS
    if (goesOn) continue
    if (options.json === true) console.log(JSON.stringify(reportOf(plan, did, performed), undefined, 2))
    else printEnd(plan, performed)
    return exitCodeOf(plan, performed)
  }
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
  for (const { diff } of changes) console.log(paintDiff(forTerminal(diff)))
  for (const { consequence } of changes) console.log(consequence)
  for (const gap of takeover.gaps) console.log(`a VIP is away for less than a second: ${gap}`)
}

function printEnd(plan: InstallPlan, performed: Performed | undefined): void {
  if (plan.kind === 'obstacles') {
    printObstacles(plan.obstacles)
    console.log('nothing was changed')
    return
  }
  if (performed === undefined) {
    console.log('nothing to do: all of it is there, and the agent runs')
    return
  }
  switch (performed.kind) {
    case 'done':
      console.log(
        'done. Next: lb-agent doctor looks for what would keep this node from taking over; lb-agent status --cluster shows all nodes',
      )
      return
    case 'only shown':
      console.log(
        plan.kind === 'packages'
          ? 'what follows is known once that is done. Nothing was changed'
          : 'nothing was changed',
      )
      return
    case 'declined':
      console.log('nothing was changed')
      return
    case 'interrupted':
      console.log(
        `interrupted: ${performed.did.length === 0 ? 'nothing was changed' : 'what stands above with ok is done'}; run it again to go on`,
      )
      return
    case 'failed':
      printObstacles([performed.obstacle])
      console.log(
        performed.did.length === 0
          ? 'nothing was changed'
          : 'what stands above with ok is done, and stays; run it again to go on',
      )
      return
    default:
      performed satisfies never
  }
}

function exitCodeOf(plan: InstallPlan, performed: Performed | undefined): number {
  if (plan.kind === 'obstacles') return 1
  if (performed?.kind === 'interrupted') return 130
  return performed === undefined || performed.kind === 'done' || performed.kind === 'only shown' ? 0 : 1
}

function reportOf(plan: InstallPlan, did: Performed['did'], performed: Performed | undefined) {
  const obstacles =
    plan.kind === 'obstacles' ? plan.obstacles : performed?.kind === 'failed' ? [performed.obstacle] : []
  const isShown = performed?.kind === 'only shown'
  return {
    format: 1,
    distribution: plan.distribution.name,
    node: plan.kind === 'steps' ? plan.config.node : null,
    revision: plan.kind === 'steps' ? plan.wanted.release.revision : null,
    ok: exitCodeOf(plan, performed) === 0,
    problems: obstacles,
    did,
    todo: isShown ? stepsOf(plan).map(({ what, shows }) => ({ what, shows: shows ?? null })) : [],
    changes: plan.kind === 'steps' ? plan.changes : [],
    takeover:
      plan.kind === 'steps' ? { stays: plan.takeover.stays, left: plan.takeover.left, gaps: plan.takeover.gaps } : null,
  }
}
