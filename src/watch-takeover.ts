import type { Logger } from 'pino'
import * as z from 'zod'
import type { AskPeer } from './ask-peer.ts'
import { cleanText } from './clean-text.ts'
import type { Takeover } from './health/takeover.ts'
import type { HealthWatch } from './health/watch.ts'
import { answersAt } from './observe/answers-at.ts'
import type { Expectation, ExpectedVip } from './render/expectation.ts'

export type TakeoverWatch = { close(): void }

type Options = {
  takeover: Takeover
  health: Pick<HealthWatch, 'holdBack'>
  expected(): Expectation | undefined
  ask: AskPeer
  log: Logger
}

const LOOK_EVERY_MS = 1_000
const ANSWER_WITHIN_MS = 800
/** One lost packet is no proof that the old pair is gone. */
const SILENT_LOOKS = 3

const answerSchema = z.object({
  vips: z.array(z.object({ address: z.string(), held: z.boolean(), state: z.string() })),
})

/**
 * Ends the waiting of a node that was taken over before the one that holds the VIPs: as soon as an agent holds them (its
 * adverts are heard here), or nobody answers for them any more (the old pair has failed, and this node can serve).
 */
export function watchTakeover(options: Options): TakeoverWatch {
  const { takeover } = options
  const silentLooks = new Map<string, number>()
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
    const ports = expected.services.filter((service) => service.vip === vip.name).map(({ port }) => port)
    const answers = await answersAt(vip.address, ports, ANSWER_WITHIN_MS)
    const looks = answers === false ? (silentLooks.get(vip.name) ?? 0) + 1 : 0
    silentLooks.set(vip.name, looks)
    return looks >= SILENT_LOOKS ? 'nobody answers for its address any more' : undefined
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
