import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import { age, timeOfDay } from '../time-text.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { tell, type Why } from '../timeline/tell.ts'
import { paint } from './print.ts'
import { readAgentConfig } from './read-config.ts'

export type WhyOptions = { config: string; last: string; all?: boolean; json?: boolean }

/** The story of one VIP on this node, newest last. 1 when the agent knows no such VIP. */
export async function why(vip: string, options: WhyOptions): Promise<number> {
  const last = Number(options.last)
  if (!Number.isInteger(last) || last < 1) {
    console.error('lb-agent: --last takes a number of events, 1 or more')
    return 2
  }
  const control = connectControl(controlSocketOf(readAgentConfig(options.config)))
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
