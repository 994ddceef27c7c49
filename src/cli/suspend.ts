import { DURATION, parseDurationMs } from '../spec/duration.ts'
import type { SuspendResult } from '../suspend.ts'
import { agentHere } from './agent-here.ts'
import { paint } from './print.ts'

export type SuspendOptions = { config: string; for?: string; reason?: string; json?: boolean }

/** This node stays as it is, whatever is pushed. */
export async function suspend(options: SuspendOptions): Promise<number> {
  if (options.for !== undefined && !DURATION.test(options.for)) {
    console.error(`lb-agent: --for takes a duration such as 30m, 2h or 1d, not ${options.for}`)
    return 2
  }
  const query = new URLSearchParams({ reason: options.reason ?? '' })
  if (options.for !== undefined) query.set('forMs', String(parseDurationMs(options.for)))
  return await ask(`/v1/suspend?${query}`, options)
}

/** This node follows its repository again. */
export async function resume(options: { config: string; json?: boolean }): Promise<number> {
  return await ask('/v1/resume', options)
}

async function ask(path: string, options: SuspendOptions): Promise<number> {
  const control = await agentHere(options.config)
  const results: SuspendResult[] = []
  await control.stream(path, (line) => {
    results.push((line as { result: SuspendResult }).result)
    return 'enough'
  })
  const result = results[0] ?? { kind: 'failed', reason: 'the agent ended before it answered' }
  if (options.json === true) console.log(JSON.stringify(result, undefined, 2))
  else console.log(describe(result, options.for))
  return result.kind === 'failed' ? 1 : 0
}

function describe(result: SuspendResult, lasting: string | undefined): string {
  switch (result.kind) {
    case 'suspended': {
      const end = lasting === undefined ? 'until lb-agent resume' : `for ${lasting}, or until lb-agent resume`
      const stays = 'this node looks at its repository, and applies nothing of it. Its VIPs move as ever.'
      const begun =
        result.goingLive === null
          ? ''
          : `\n${paint('yellow', '▲')} release ${result.goingLive} was being put live already: that is carried through, or rolled back; lb-agent status shows which`
      return `${paint('green', '✓')} suspended ${end}: ${stays}${begun}`
    }
    case 'resumed':
      return result.was
        ? `${paint('green', '✓')} resumed: this node looks at its repository now; lb-agent status shows what comes of it`
        : 'nothing was suspended on this node'
    case 'failed':
      return `${paint('red', '✗')} ${result.reason}`
    default:
      return result satisfies never
  }
}
