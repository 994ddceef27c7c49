import { setTimeout as sleep } from 'node:timers/promises'
import type { DrillContext } from '../../src/drill/context.ts'
import { type Fault, stayed } from '../../src/drill/faults/fault.ts'
import { FAULTS } from '../../src/drill/faults/table.ts'
import { followHolders } from '../../src/drill/holders.ts'
import type { RoundResult } from '../../src/drill/judge.ts'
import { createLab } from '../../src/drill/lab.ts'
import { runRound, startCluster } from '../../src/drill/run-drill.ts'
import type { HandStyle } from './hand-files.ts'
import { logsOf, startHandPair } from './hand-pair.ts'
import { NO_FAULT, NO_FAULT_MS } from './pair-fault.ts'
import { NODES, pairSpec, SERVICE } from './pair-spec.ts'

/** One way to run a pair, up and serving, with a client that never stops asking. */
export type Side = {
  round(fault: string): Promise<RoundResult>
  close(): Promise<void>
}

const EVERY_MS = 2
const WARM_UP_MS = 1_500

/** The hand-written pair of a style, in a lab of its own. */
export async function startHandSide(style: HandStyle, signal: AbortSignal): Promise<Side> {
  const { spec } = pairSpec('1s')
  const lab = await createLab(spec, signal)
  const holders = await followHolders(lab.network, NODES, signal)
  const seen = { lab, spec, holders, signal }
  const close = async (): Promise<void> => {
    holders.close()
    await lab.close()
  }
  try {
    const pair = await startHandPair(seen, style)
    const client = lab.startClient(EVERY_MS, [SERVICE])
    await sleep(WARM_UP_MS)
    return {
      round: async (name) => {
        const result = await runRound({ ...seen, client }, pair.fault(name))
        await pair.mend()
        return result
      },
      close,
    }
  } catch (error) {
    const said = logsOf(seen)
    await close()
    throw new Error(`${(error as Error).message}\n${said}`)
  }
}

/** Two agents, with the faults of the drill. */
export async function startAgentSide(advertInterval: string, signal: AbortSignal): Promise<Side> {
  const { lab, context } = await startAgents(advertInterval, EVERY_MS, signal)
  await sleep(WARM_UP_MS)
  return {
    round: async (name) => {
      const fault = name === NO_FAULT ? noFault : FAULTS.find((known) => known.name === name)
      if (fault === undefined) throw new Error(`no fault is called ${name}`)
      const result = await runRound(context, fault)
      await fault.mend(context)
      return result
    },
    close: async () => {
      context.holders.close()
      await lab.close()
    },
  }
}

/** A lab with two agents whose VIP is on the first node. */
export async function startAgents(advertInterval: string, everyMs: number, signal: AbortSignal) {
  const { text, spec } = pairSpec(advertInterval)
  const lab = await createLab(spec, signal)
  try {
    const options = { spec, text, files: {}, everyMs, services: [SERVICE], onStep: () => undefined }
    return { lab, context: await startCluster(lab, options, signal) }
  } catch (error) {
    await lab.close()
    throw error
  }
}

const noFault: Pick<Fault, 'spares' | 'inject' | 'mend'> = {
  spares: false,
  inject: async ({ holders, spec }: DrillContext) => {
    await sleep(NO_FAULT_MS)
    const now = holders.now(spec.vips[0]?.address ?? '').join('+')
    return stayed(NODES[0], now, 'nothing happened')
  },
  mend: async () => undefined,
}
