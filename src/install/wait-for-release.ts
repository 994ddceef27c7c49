import { setTimeout as sleep } from 'node:timers/promises'
import { isUrgent } from '../headline.ts'
import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import type { Status } from '../status.ts'
import { done, failed, type Step, type StepResult } from './options.ts'

const LOOK_EVERY_MS = 250
/** Fetch, two reloads with their confirmation, the confirm window, and a rollback of it all. */
const SERVES_WITHIN_MS = 90_000
/** An agent that runs already. */
const ANSWERS_WITHIN_MS = 10_000
/**
 * Longer than a hand-over, than a daemon's start, and than an agent takes after its own to ask the other nodes twice who has
 * its VIPs (src/observe/other-holders.ts).
 */
const LASTS_MS = 5_000

/** `mayPass`: what it says is not sure before it has lasted. */
export type End = { result: StepResult; mayPass: boolean }

/** The end of an installation: the agent runs the repository's release, or says why not. */
export function waitForRelease(config: AgentConfig): Step {
  return {
    what: 'wait until its first release serves',
    perform: async (signal) => {
      const { end, last } = await lookFor(SERVES_WITHIN_MS, config, endOfFirst, signal)
      if (end !== undefined) return end
      if (signal.aborted)
        return failed('interrupted while the agent applies its first release', 'lb-agent status shows how it goes on')
      return failed(
        `no release serves after ${SERVES_WITHIN_MS / 1000} s: ${last}`,
        'lb-agent status; journalctl -e -u lb-agent',
      )
    },
  }
}

/** The same where one was live before: that nobody has to act at once. */
export function seeThatItServes(config: AgentConfig): Step {
  return {
    what: 'see that this node serves, and that no other one holds its VIPs as well',
    perform: async (signal) => {
      const { end, last } = await lookFor(ANSWERS_WITHIN_MS, config, endOfLive, signal)
      return end ?? failed(`the agent does not say how it is: ${last}`, 'lb-agent status; journalctl -e -u lb-agent')
    },
  }
}

async function lookFor(
  withinMs: number,
  config: AgentConfig,
  endOf: (status: Status) => End | undefined,
  signal: AbortSignal,
): Promise<{ end: StepResult | undefined; last: string }> {
  const control = connectControl(controlSocketOf(config))
  const deadline = performance.now() + withinMs
  let last = 'it has not answered yet'
  let unsureSince: number | undefined
  while (performance.now() < deadline && !signal.aborted) {
    const status = await control.get('/v1/status').then(
      (answer) => answer as Status,
      (error: Error) => error.message,
    )
    const end = typeof status === 'string' ? undefined : endOf(status)
    const now = performance.now()
    unsureSince = end?.mayPass === true ? (unsureSince ?? now) : undefined
    if (end !== undefined && (unsureSince === undefined || now - unsureSince >= LASTS_MS)) {
      return { end: end.result, last }
    }
    last = typeof status === 'string' ? status : status.headline.text
    await sleep(LOOK_EVERY_MS)
  }
  return { end: undefined, last }
}

/** Of a first release; undefined while it is under way. */
export function endOfFirst(status: Status): End | undefined {
  const { applied, fetch, lastPass } = status
  const result = lastPass?.result
  // After a restart that found nothing new.
  if (result === undefined && applied !== null && fetch?.ok === true) return endOfLive(status)
  if (result === undefined || result.kind === 'running') return undefined
  if (applied !== null && (result.kind === 'applied' || result.kind === 'unchanged')) return endOfLive(status)
  const reason = 'reason' in result ? result.reason : result.kind
  const what = `the first release is not live: ${reason}`
  const fix =
    applied === null
      ? 'what served before goes on serving. lb-agent status shows each stage'
      : 'lb-agent status shows each stage'
  return { result: failed(what, fix), mayPass: false }
}

/** Of one that is live: well, unless somebody must act at once. */
export function endOfLive(status: Status): End {
  const { applied, headline } = status
  const { text, advice, well } = headline
  if (isUrgent(status)) {
    const result = failed(`release ${applied?.release} is live, but ${text}`, advice ?? 'lb-agent status shows more')
    return { result, mayPass: true }
  }
  const note = `release ${applied?.release} serves; ${text}${advice === null || well ? '' : `. ${advice}`}`
  return { result: done(note), mayPass: mayBeTwice(status) }
}

/** The other nodes were not asked yet, or one has said that it holds a VIP which is here: that is seen once in a hand-over. */
function mayBeTwice({ vips, peers }: Status): boolean {
  return peers.some(({ up, holds }) => up === null || vips.some(({ name, held }) => held && holds.includes(name)))
}
