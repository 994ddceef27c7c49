import type { Logger } from 'pino'
import * as z from 'zod'
import type { AskPeer } from './ask-peer.ts'
import { cleanText } from './clean-text.ts'
import type { Takeover } from './health/takeover.ts'
import type { HealthWatch } from './health/watch.ts'
import { answersAt } from './observe/answers-at.ts'
import { type Expectation, type ExpectedVip, portsOf } from './render/expectation.ts'

export type TakeoverWatch = { close(): void }

type Options = {
  takeover: Takeover
  health: Pick<HealthWatch, 'holdBack'>
  expected(): Expectation | undefined
  ask: AskPeer
  /** Names of the backends that have a server up, as HAProxy on this node sees it. */
  backendsUp(): ReadonlySet<string>
  log: Logger
}

const LOOK_EVERY_MS = 1_000
const ANSWER_WITHIN_MS = 800
/**
 * After the damping of lb.yaml, which is longer than the interval of its checks: by then HAProxy knows that it does not reach its
 * servers either (a check that waits for its 2 s twice, and the pauses between).
 */
const SILENT_FOR_MS = 6_000

const answerSchema = z.object({
  vips: z.array(z.object({ address: z.string(), held: z.boolean(), state: z.string() })),
})

/**
 * Ends the waiting of a node that was taken over before the one that holds the VIPs: as soon as an agent holds them (its
 * adverts are heard here), or nobody answers for them any more though this node reaches its servers (the old pair has failed).
 */
export function watchTakeover(options: Options): TakeoverWatch {
  const { takeover } = options
  const silentSince = new Map<string, number>()
  let looking = false

  const look = async (): Promise<void> => {
    const expected = options.expected()
    const waiting = takeover.waiting()
    if (waiting.length === 0 || expected === undefined) return
    const holders = await agentsThatHold(expected, options.ask)
    for (const name of waiting) {
      const vip = expected.vips.find((candidate) => candidate.name === name)
      const why =
        vip === undefined ? 'it is none of this node any more' : await whyOver(expected, vip, holders.get(vip.address))
      if (why !== undefined) await end(name, why)
    }
  }

  const whyOver = async (
    expected: Expectation,
    vip: ExpectedVip,
    agent: string | undefined,
  ): Promise<string | undefined> => {
    if (agent !== undefined) return `lb-agent on ${agent} holds it`
    if ((await answersAt(vip.address, portsOf(expected, vip.name), ANSWER_WITHIN_MS)) !== false) {
      silentSince.delete(vip.name)
      return undefined
    }
    const nowMs = performance.now()
    const since = silentSince.get(vip.name) ?? nowMs
    silentSince.set(vip.name, since)
    // A node that is cut off itself hears nobody either, and would take the VIP as well.
    const up = options.backendsUp()
    const hasNetwork = expected.services.some((service) => service.vip === vip.name && up.has(service.backend))
    if (nowMs - since < expected.dampingMs + SILENT_FOR_MS || !hasNetwork) return undefined
    return 'nobody answers for its address any more'
  }

  const end = async (vip: string, reason: string): Promise<void> => {
    await takeover.end([vip])
    options.log.info({ about: `VIP ${vip}`, vip, reason }, 'takes part after the takeover')
    // It takes nothing from a holder at once.
    options.health.holdBack()
  }

  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look()
      .catch((error: Error) => options.log.warn({ about: 'takeover', reason: error.message }, 'takeover not looked at'))
      .finally(() => {
        looking = false
      })
  }, LOOK_EVERY_MS)
  return { close: () => clearInterval(timer) }
}

/** By address: who says that its keepalived is MASTER and its kernel has it. */
async function agentsThatHold(expected: Expectation, ask: AskPeer): Promise<ReadonlyMap<string, string>> {
  const answers = await Promise.all(
    expected.peers.map(async (peer) => ({ peer, answer: await ask(peer, ANSWER_WITHIN_MS) })),
  )
  return new Map(
    answers.flatMap(({ peer, answer }) => {
      const read = answer.kind === 'answer' ? answerSchema.safeParse(answer.value) : undefined
      const held = read?.data?.vips.filter(({ held, state }) => held && state === 'MASTER') ?? []
      return held.map(({ address }) => [cleanText(address), peer.name] as const)
    }),
  )
}
