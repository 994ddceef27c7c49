import type { DrainProgress, DrainResult, Sessions, UndrainResult } from '../drain.ts'
import { DURATION, parseDurationMs } from '../spec/duration.ts'
import { agentHere } from './agent-here.ts'
import { paint } from './print.ts'

export type DrainOptions = { config: string; vip?: string; for?: string; forShutdown?: boolean; json?: boolean }

/** The agent tells of a drain every second. */
const SILENT_FOR_MS = 10_000

/** Gives the VIPs away without losing a request. 0 = this node holds none of them, 1 = it still does. */
export async function drain(options: DrainOptions): Promise<number> {
  if (options.for !== undefined && !DURATION.test(options.for)) {
    console.error(`lb-agent: --for takes a duration such as 30m, 2h or 1d, not ${options.for}`)
    return 2
  }
  const query = new URLSearchParams()
  if (options.vip !== undefined) query.set('vip', options.vip)
  if (options.for !== undefined) query.set('forMs', String(parseDurationMs(options.for)))
  if (options.forShutdown === true) query.set('forStop', '1')
  const control = await agentHere(options.config)
  const events: DrainProgress[] = []
  const take = (line: unknown): 'more' => {
    const progress = line as DrainProgress
    // The agent repeats itself, so that it is not taken for one that hangs.
    if (isSame(events.at(-1), progress)) return 'more'
    events.push(progress)
    if (options.json !== true) printProgress(progress, options)
    return 'more'
  }
  await control.stream(`/v1/drain?${query}`, take, SILENT_FOR_MS)
  const last = events.at(-1)
  const result = last !== undefined && 'result' in last ? last.result : undefined
  if (options.json === true) console.log(JSON.stringify({ ok: result?.kind === 'drained', events }, undefined, 2))
  return result?.kind === 'drained' ? 0 : 1
}

/** Takes part again. */
export async function undrain(options: { config: string; vip?: string; json?: boolean }): Promise<number> {
  const query = new URLSearchParams(options.vip === undefined ? {} : { vip: options.vip })
  const control = await agentHere(options.config)
  const results: UndrainResult[] = []
  await control.stream(`/v1/undrain?${query}`, (line) => {
    results.push((line as { result: UndrainResult }).result)
    return 'more'
  })
  const result = results[0] ?? { kind: 'failed', reason: 'the agent ended before it answered' }
  if (options.json === true) console.log(JSON.stringify(result, undefined, 2))
  else console.log(describeUndrain(result))
  return result.kind === 'undrained' ? 0 : 1
}

function isSame(before: DrainProgress | undefined, next: DrainProgress): boolean {
  return before !== undefined && 'held' in before && 'held' in next && before.held.join() === next.held.join()
}

function printProgress(progress: DrainProgress, options: DrainOptions): void {
  if ('result' in progress) console.log(describeResult(progress.result, options))
  else if (progress.held.length > 0)
    console.log(`holds ${progress.held.join(', ')}; ${describeSessions(progress.sessions)}`)
}

function describeResult(result: DrainResult, options: DrainOptions): string {
  switch (result.kind) {
    case 'drained': {
      const what =
        result.vips.length === 0 ? 'this node has no VIP' : `this node holds none of ${result.vips.join(', ')}`
      return `${paint('green', '✓')} drained in ${result.tookMs} ms: ${what}. ${describeSessions(result.sessions)}
It takes no VIP back before ${end(options)}, unless no node that is not drained can serve.`
    }
    case 'held':
      return `${paint('red', '✗')} still holds ${result.vips.join(', ')}: ${result.reason}. The drain stands until ${end(options)}.`
    case 'failed':
      return `${paint('red', '✗')} ${result.reason}`
    default:
      return result satisfies never
  }
}

function end(options: DrainOptions): string {
  if (options.forShutdown === true) return 'the next start'
  return options.for === undefined ? 'lb-agent undrain' : `${options.for} have passed, or lb-agent undrain`
}

/** They go through the VIP, which has moved: their clients connect again, to the new node. */
function describeSessions(sessions: readonly Sessions[]): string {
  const open = sessions.filter((session) => session.open > 0)
  if (open.length === 0) return 'No session is open here.'
  return `Sessions open here: ${open.map(({ service, open: count }) => `${service} ${count}`).join(', ')}.`
}

function describeUndrain(result: UndrainResult): string {
  if (result.kind === 'failed') return `${paint('red', '✗')} ${result.reason}`
  const what = result.ended === 0 ? 'nothing was drained' : 'the drain is over'
  return `${what}; this node takes the VIPs for which it is the first that can serve`
}
