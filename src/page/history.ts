import type { Change } from '../changes.ts'
import { age, timeOfDay } from '../time-text.ts'
import { element, html, timeElement } from './dom.ts'
import type { Seen } from './seen.ts'

/** The newest events as a line of dots, each day named once. */
export function showMoves({ told }: Seen): void {
  let day = ''
  const items = told.flatMap(({ atMs, text, turn }) => {
    const [date = '', time = ''] = timeOfDay(atMs).split(' ')
    const item = html('li', '')
    item.className = turn
    item.append(timeElement(atMs, time), ' ', html('span', text))
    if (date === day) return [item]
    day = date
    const heading = html('li', date)
    heading.className = 'day'
    return [heading, item]
  })
  const nothing = html('li', 'nothing yet')
  nothing.className = 'day'
  element('moves').replaceChildren(...(items.length > 0 ? items : [nothing]))
}

/** The last revisions with their stages. One that somebody has opened or closed stays so. */
export function showChanges({ own, changes }: Seen): void {
  const list = element('changes')
  const before = new Map(
    [...list.querySelectorAll('details')].map((details) => [details.dataset['key'], details.open] as const),
  )
  const items = changes.map((change, at) => {
    const details = document.createElement('details')
    const key = `${change.startedAtMs}`
    details.dataset['key'] = key
    details.open = before.get(key) ?? (at === 0 && !before.has(key))
    details.append(summaryOf(change, own.atMs), ...insideOf(change))
    const item = document.createElement('li')
    item.append(details)
    return item
  })
  list.replaceChildren(...(items.length > 0 ? items : [html('li', 'none yet')]))
}

function summaryOf({ startedAtMs, revision, subject, author, outcome, well }: Change, nowMs: number): HTMLElement {
  const summary = document.createElement('summary')
  const name = revision === '' ? 'hand-written files' : revision.slice(0, 12)
  const who = author.replace(/ <.*>$/, '')
  summary.append(
    html('strong', outcome, outcome === 'running' ? 'unsure' : well ? 'good' : 'bad'),
    ` ${subject === '' ? name : subject} `,
    html('small', [...(subject === '' ? [] : [name]), ...(who === '' ? [] : [who])].join(', ')),
    ' ',
    timeElement(startedAtMs, `${age(Math.max(0, nowMs - startedAtMs))} ago`),
  )
  return summary
}

function insideOf({ reason, stages }: Change): HTMLElement[] {
  const why = reason === '' ? [] : [html('p', reason)]
  if (stages === null) return [...why, html('p', 'Its stages are not known: this agent has been started since.')]
  const list = document.createElement('ol')
  list.className = 'stages'
  list.append(
    ...stages.map(({ stage, outcome, durationMs, detail }) => {
      const item = document.createElement('li')
      const took = html('span', `${durationMs} ms`)
      took.className = 'took'
      item.append(html('span', stage, outcome === 'ok' ? 'good' : 'bad'), ' ', took, ' ', html('span', detail))
      return item
    }),
  )
  return [...why, list]
}
