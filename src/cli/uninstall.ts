import { planUninstall, type UninstallPlan } from '../install/plan-uninstall.ts'
import type { Performed } from './perform.ts'
import { interruptible, type PerformOptions, performSteps, printObstacles, whyNobodySaysYes } from './perform.ts'

/** Takes this node back to what it was before `install`. 0 = done, 1 = something is in the way. */
export async function uninstall(options: PerformOptions & { config: string }): Promise<number> {
  const unasked = whyNobodySaysYes(options)
  if (unasked !== undefined || process.getuid?.() !== 0) {
    console.error(
      `lb-agent: ${unasked ?? 'uninstall changes this host: run it as root, or with sudo'}; nothing was changed`,
    )
    return 2
  }
  const signal = interruptible()
  const plan = await planUninstall(options.config, signal)
  const performed = plan.kind === 'steps' ? await performSteps(plan.steps, options, signal) : undefined
  if (options.json === true) console.log(JSON.stringify(reportOf(plan, performed), undefined, 2))
  else printUninstallEnd(plan, performed)
  if (performed?.kind === 'interrupted') return 130
  return performed?.kind === 'done' || performed?.kind === 'only shown' ? 0 : 1
}

function printUninstallEnd(plan: UninstallPlan, performed: Performed | undefined): void {
  if (plan.kind === 'obstacles') printObstacles(plan.obstacles)
  else if (performed?.kind === 'done') for (const line of plan.after) console.log(line)
  else if (performed?.kind === 'failed') printObstacles([performed.obstacle])
  if (performed?.kind === 'done') return
  const nothing = performed === undefined || performed.did.length === 0
  console.log(nothing ? 'nothing was changed' : 'what stands above with ok is done; run it again to go on')
}

function reportOf(plan: UninstallPlan, performed: Performed | undefined) {
  const isShown = performed?.kind === 'only shown'
  return {
    format: 1,
    ok: performed?.kind === 'done' || isShown,
    problems: plan.kind === 'obstacles' ? plan.obstacles : performed?.kind === 'failed' ? [performed.obstacle] : [],
    did: performed?.did ?? [],
    todo: plan.kind === 'steps' && isShown ? plan.steps.map(({ what }) => ({ what, shows: null })) : [],
    after: plan.kind === 'steps' ? plan.after : [],
  }
}
