import { planUninstall, type UninstallPlan } from '../install/plan-uninstall.ts'
import {
  changeHost,
  isWell,
  type Performed,
  type PerformOptions,
  performSteps,
  printObstacles,
  printUndone,
} from './perform.ts'

/** Takes this node back to what it was before `install`. 0 = done, or nothing was to do; 1 = something is in the way. */
export async function uninstall(options: PerformOptions & { config: string; alone?: boolean }): Promise<number> {
  return changeHost('uninstall', options, async (signal) => {
    const plan = await planUninstall(options.config, { alone: options.alone === true }, signal)
    const steps = plan.kind === 'steps' ? plan.steps : []
    const performed = steps.length > 0 && !signal.aborted ? await performSteps(steps, options, signal) : undefined
    const ok = plan.kind === 'steps' && isWell(performed) && !signal.aborted
    if (options.json === true) console.log(JSON.stringify(reportOf(plan, performed, ok), undefined, 2))
    else printEnd(plan, performed, signal)
    return ok ? 0 : 1
  })
}

function printEnd(plan: UninstallPlan, performed: Performed | undefined, signal: AbortSignal): void {
  if (performed === undefined && signal.aborted) console.log('interrupted: nothing was changed')
  else if (plan.kind === 'obstacles') {
    printObstacles(plan.obstacles)
    console.log('nothing was changed')
  } else if (performed === undefined)
    console.log('nothing to do: lb-agent does not run here, and keeps nothing of the time before')
  else if (performed.kind === 'done') for (const line of plan.after) console.log(line)
  else printUndone(performed)
}

function reportOf(plan: UninstallPlan, performed: Performed | undefined, ok: boolean) {
  const isShown = performed?.kind === 'only shown'
  return {
    format: 1,
    ok,
    problems: plan.kind === 'obstacles' ? plan.obstacles : performed?.kind === 'failed' ? [performed.obstacle] : [],
    did: performed?.did ?? [],
    todo: plan.kind === 'steps' && isShown ? plan.steps.map(({ what }) => ({ what, shows: null })) : [],
    after: plan.kind === 'steps' ? plan.after : [],
  }
}
