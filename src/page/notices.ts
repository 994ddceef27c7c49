import { timeOfDay } from '../time-text.ts'
import { type Mood, moodOfService } from './mood.ts'
import type { Seen } from './seen.ts'

export type Notice = { mood: Mood; text: string }

const URGENCY: readonly Mood[] = ['bad', 'unsure', 'weak']
const MAX_NOTICES = 6

/** All that is not as it should be, in sentences. The headline names the most urgent one only. */
export function noticesOf({ own, cluster, services }: Seen): Notice[] {
  const notices: Notice[] = []
  for (const node of cluster.nodes) {
    if (node.kind === 'silent') notices.push({ mood: 'unsure', text: `${node.name} does not answer: ${node.reason}` })
    else if (!node.well) notices.push({ mood: 'bad', text: `${node.name}: ${node.text}` })
    if (node.kind === 'answers' && node.suspended !== null) notices.push(noticeOf(node.name, node.suspended))
  }
  for (const [vip, holders] of Object.entries(cluster.holders)) {
    if (holders.length > 1) notices.push({ mood: 'bad', text: `DUPLICATE: VIP ${vip} is on ${holders.join(' and ')}` })
    if (holders.length === 0) notices.push({ mood: 'bad', text: `VIP ${vip} is on no node that answers` })
  }
  for (const service of services) {
    const mood = moodOfService(service)
    if (mood === 'good') continue
    const down = service.servers.filter(({ up }) => !up).map(({ name, status }) => `${name} is ${status}`)
    const how =
      service.up === null ? 'is UNKNOWN: HAProxy cannot be asked' : `has ${service.up} of ${service.total} servers up`
    notices.push({ mood, text: [`${service.name} ${how}`, ...shortened(down)].join('; ') })
  }
  for (const { text } of own.troubles) notices.push({ mood: 'weak', text: `${own.node}: ${text}` })
  for (const { vip, untilMs } of own.drains)
    notices.push({ mood: 'weak', text: `${own.node} is drained of ${vip ?? 'all VIPs'} by hand, ${until(untilMs)}` })
  const said = new Set([cluster.headline.text])
  return shortList(notices.filter(({ text }) => !said.has(text) && said.add(text)))
}

function noticeOf(node: string, { untilMs, reason }: { untilMs: number | null; reason: string }): Notice {
  const why = reason === '' ? '' : `: ${reason}`
  return { mood: 'weak', text: `${node} is suspended ${until(untilMs)}, revisions are not applied${why}` }
}

function until(untilMs: number | null): string {
  return untilMs === null ? 'until it is undone' : `until ${timeOfDay(untilMs)}`
}

/** The worst first; the tables below have the rest. */
function shortList(notices: readonly Notice[]): Notice[] {
  const sorted = URGENCY.flatMap((mood) => notices.filter((notice) => notice.mood === mood))
  const more = sorted.length - MAX_NOTICES
  if (more <= 1) return sorted
  return [...sorted.slice(0, MAX_NOTICES), { mood: 'plain', text: `and ${more} more, see below` }]
}

function shortened(texts: readonly string[]): string[] {
  return texts.length <= 4 ? [...texts] : [...texts.slice(0, 3), `and ${texts.length - 3} more`]
}
