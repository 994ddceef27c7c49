import { describeFailure, succeeded } from '../../exec.ts'
import { agentOf, backToFirst, holder } from '../context.ts'
import { type Fault, moved, settleAway } from './fault.ts'

export const drain: Fault = {
  name: 'drain',
  summary: 'the MASTER is drained by hand, and serves until the next node does',
  byDefault: true,
  spares: true,
  moves: 1,
  inject: async (context) => {
    const from = holder(context)
    const said = await agentOf(context, from).run(['drain'])
    const effect = moved(context, from, await settleAway(context, from, 0))
    return succeeded(said) ? effect : { ...effect, held: false, said: `lb-agent drain: ${describeFailure(said)}` }
  },
  mend: async (context) => {
    for (const agent of context.agents) await agent.run(['undrain'])
    await backToFirst(context)
  },
}
