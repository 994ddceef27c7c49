import { setTimeout as sleep } from 'node:timers/promises'
import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import type { Status } from '../status.ts'
import { done, failed, type Step, type StepResult } from './options.ts'

const LOOK_EVERY_MS = 250
/** Fetch, two reloads with their confirmation, the confirm window, and a rollback of it all. */
const SERVES_WITHIN_MS = 90_000

/** The end of an installation: the agent runs the repository's release, or says why not. */
export function waitForRelease(config: AgentConfig): Step {
  return {
    what: 'wait until its first release serves',
    perform: async (signal) => {
      const control = connectControl(controlSocketOf(config))
      const deadline = performance.now() + SERVES_WITHIN_MS
      let last = 'it has not answered yet'
      while (performance.now() < deadline && !signal.aborted) {
        const status = await control.get('/v1/status').then(
          (answer) => answer as Status,
          (error: Error) => error.message,
        )
        const end = typeof status === 'string' ? undefined : endOf(status)
        if (end !== undefined) return end
        last = typeof status === 'string' ? status : status.headline.text
        await sleep(LOOK_EVERY_MS)
      }
      if (signal.aborted)
        return failed('interrupted while the agent applies its first release', 'lb-agent status shows how it goes on')
      return failed(
        `no release serves after ${SERVES_WITHIN_MS / 1000} s: ${last}`,
        'lb-agent status; journalctl -e -u lb-agent',
      )
    },
  }
}

function endOf({ applied, fetch, lastPass, headline }: Status): StepResult | undefined {
  const result = lastPass?.result
  const serves = () =>
    done(
      `release ${applied?.release} serves; ${headline.text}${headline.advice === null || headline.well ? '' : `. ${headline.advice}`}`,
    )
  // After a restart that found nothing new.
  if (result === undefined && applied !== null && fetch?.ok === true) return serves()
  if (result === undefined || result.kind === 'running') return undefined
  if (applied !== null && (result.kind === 'applied' || result.kind === 'unchanged')) return serves()
  const reason = 'reason' in result ? result.reason : result.kind
  return failed(
    `the first release is not live: ${reason}`,
    applied === null
      ? 'what served before goes on serving. lb-agent status shows each stage'
      : 'lb-agent status shows each stage',
  )
}
