import { age, timeOfDay } from '../time-text.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { tell, type Why } from '../timeline/tell.ts'
import { agentHere } from './agent-here.ts'
import { paint } from './print.ts'

export type WhyOptions = { config: string; last: string; all?: boolean; json?: boolean }

/** The story of one VIP on this node, newest last. 1 when the agent knows no such VIP. */
export async function why(vip: string, options: WhyOptions): Promise<number> {
  const last = Number(options.last)
  if (!Number.isInteger(last) || last < 1) {
    console.error('lb-agent: --last takes a number of events, 1 or more')
    return 2
  }
  const control = await agentHere(options.config)
  const answer = (await control.get(`/v1/why?${new URLSearchParams({ vip })}`)) as Why
  const [events, count] =
    options.all === true ? [answer.events, Number.POSITIVE_INFINITY] : [answer.events.filter(isTelling), last]
  if (options.json === true) console.log(JSON.stringify({ ...answer, events: events.slice(-count) }, undefined, 2))
  else {
    const [headline = '', ...lines] = tell({ ...answer, events }, { time: timeOfDay, span: age }, count)
    console.log([paint('bold', headline), ...lines].join('\n'))
  }
  return 0
}

/** An agent that comes and goes moves no VIP. */
function isTelling(event: TimelineEvent): boolean {
  return event.kind !== 'agent'
}
