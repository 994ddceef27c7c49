import type { StageRecord } from '../apply/stage-record.ts'
import type { PassRecord, PassResult } from '../pass-record.ts'
import { agentHere } from './agent-here.ts'
import { paint } from './print.ts'

export type SyncOptions = {
  config: string
  wait?: boolean
  retry?: boolean
  acceptRewind?: boolean
  restore?: boolean
  json?: boolean
}

type Progress =
  | StageRecord
  | { waiting: string }
  | { serving: string }
  | { result: PassResult; revision: PassRecord['revision'] }

/** Looks at the repository now. Returns once both daemons run the release, or with `wait` after the confirm window. */
export async function sync(options: SyncOptions): Promise<number> {
  const flags = new URLSearchParams()
  for (const name of ['retry', 'acceptRewind', 'restore'] as const) if (options[name] === true) flags.set(name, '1')
  return await follow(`/v1/sync?${flags}`, options)
}

/** Back to the previous release of this node. */
export async function rollback(options: { config: string; json?: boolean }): Promise<number> {
  return await follow('/v1/rollback', { ...options, wait: true })
}

async function follow(path: string, options: SyncOptions): Promise<number> {
  const control = await agentHere(options.config)
  const events: Progress[] = []
  let exitCode = 1
  await control.stream(path, (line) => {
    const event = line as Progress
    events.push(event)
    if (options.json !== true) printProgress(event)
    if ('result' in event) exitCode = event.result.kind === 'applied' || event.result.kind === 'unchanged' ? 0 : 1
    if (!('serving' in event) || options.wait === true) return 'more'
    exitCode = 0
    return 'enough'
  })
  if (options.json === true) console.log(JSON.stringify({ ok: exitCode === 0, events }, undefined, 2))
  return exitCode
}

function printProgress(event: Progress): void {
  if ('stage' in event) {
    const mark = event.outcome === 'ok' ? paint('green', 'ok    ') : paint('red', 'failed')
    console.log(`${mark}  ${event.stage.padEnd(18)}  ${String(event.durationMs).padStart(5)} ms  ${event.detail}`)
  } else if ('waiting' in event) {
    console.log(`waiting: ${event.waiting}`)
  } else if ('serving' in event) {
    console.log(`release ${event.serving} serves; it is watched for the confirm window`)
  } else {
    console.log(describeResult(event.result))
  }
}

/** What became of a pass, as a sentence. */
export function describeResult(result: PassResult): string {
  switch (result.kind) {
    case 'running':
      return result.waits === null ? 'under way' : `under way: ${result.waits}`
    case 'unchanged':
      return `nothing to do: ${result.detail}`
    case 'applied':
      return `applied: release ${result.release}`
    case 'rejected':
      return `rejected at ${result.stage}: ${result.reason}`
    case 'refused':
      return `refused: ${result.reason}`
    case 'suspended':
      return result.reason
    case 'failed':
      return `failed at ${result.stage}: ${result.reason}`
    case 'stuck':
      return `stuck at ${result.stage}: ${result.reason}`
    case 'interrupted':
      return 'interrupted: the agent was stopped; its successor goes on'
    default:
      return result satisfies never
  }
}
