import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Unit } from './daemons/unit.ts'
import { createHooks } from './notify/hooks.ts'
import { createWebhooks } from './notify/webhooks.ts'
import type { StateChange } from './observe/vrrp-states.ts'
import type { Expectation } from './render/expectation.ts'
import type { Secrets } from './secrets.ts'
import type { AgentConfig } from './spec/agent-config.ts'
import { formatDuration } from './spec/duration.ts'
import type { TimelineEvent } from './timeline/event.ts'
import { explain } from './timeline/explain.ts'
import { createTimeline, type Timeline } from './timeline/timeline.ts'
import { watchClock } from './timeline/watch-clock.ts'
import { TOLD_MS, type Troubles } from './troubles.ts'
import type { Words } from './words.ts'

/** How much of keepalived's log is read for a reason; a change and what led to it are a few hundred bytes. */
const READ_BYTES = 32 * 1024
const RECENT_EVENTS = 50
const LATE = '; it happened while no agent ran, the time is when it was read'

export type Events = {
  timeline: Timeline
  /**
   * Takes a change that keepalived told: into the timeline with its reason, then to hooks and webhooks. `late`: it waited
   * in the FIFO for an agent.
   */
  onStateChange(change: StateChange, keepalived: Pick<Unit, 'mark' | 'printedSince'>, late: boolean): void
  close(): Promise<void>
}

/** What happens on this node and who is told of it. Nothing here is waited for by what looks after the VIPs. */
export function createEvents(
  config: AgentConfig,
  {
    now,
    log,
    secrets,
    words,
    troubles,
    running,
    expectation,
  }: {
    now(): number
    log: Logger
    secrets: Pick<Secrets, 'know'>
    words: Words
    troubles: Troubles
    running(): string | null
    /** The release that the words are about. */
    expectation(): Expectation | undefined
  },
): Events {
  const timeline = createTimeline({ file: join(config.paths.state, 'timeline.jsonl'), now, words, troubles })
  const { node } = config
  const hooks = createHooks({ ...config.hooks, node, troubles, log })
  const webhooks = createWebhooks({
    webhooks: config.webhooks,
    from: () => ({ node, cluster: expectation()?.cluster ?? '' }),
    running,
    troubles,
    log,
    secrets,
  })
  const clock = watchClock({ wallMs: now, steadyMs: () => performance.now() }, (jumpMs) => {
    timeline.add({ kind: 'clock', jumpMs })
    const direction = jumpMs > 0 ? 'forward' : 'back'
    const by = formatDuration(1000 * Math.round(Math.abs(jumpMs) / 1000))
    troubles.raise(
      'clock',
      `the clock jumped ${direction} by ${by}: times in logs and why do not fit; VIPs do not depend on it`,
      { forMs: TOLD_MS },
    )
  })
  timeline.onEvent((event) => tellOthers(event, hooks, webhooks))

  return {
    timeline,
    onStateChange: ({ instance: vip, from, to, priority }, keepalived, late) => {
      const printed = keepalived.printedSince(Math.max(0, keepalived.mark() - READ_BYTES))
      const explained = explain({
        ...{ vip, from, to, atMs: now() },
        recent: timeline.latest(RECENT_EVENTS),
        printed: printed === '' ? undefined : printed.split('\n'),
        nodeAt: (address) => expectation()?.peers.find((peer) => peer.address === address)?.name,
        advertIntervalMs: expectation()?.advertIntervalMs,
      })
      const address = expectation()?.vips.find(({ name }) => name === vip)?.address ?? ''
      const reason = late ? `${explained.reason}${LATE}` : explained.reason
      timeline.add({ kind: 'vrrp', vip, address, from, to, priority, ...explained, reason })
    },
    close: async () => {
      clock.close()
      hooks.close()
      webhooks.close()
      await timeline.close()
    },
  }
}

function tellOthers(
  event: TimelineEvent,
  hooks: ReturnType<typeof createHooks>,
  webhooks: ReturnType<typeof createWebhooks>,
): void {
  if (event.kind === 'vrrp') {
    hooks.run(event)
    if (event.from === 'MASTER' || event.to === 'MASTER') webhooks.send({ event: 'move', move: event })
  }
  if (event.kind === 'release' && event.result !== 'applied') {
    const { result, revision, subject, author, stage, reason, atMs } = event
    webhooks.send({ event: 'rejected', rejection: { result, revision, subject, author, stage, reason, atMs } })
  }
}
