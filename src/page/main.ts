import { age, timeOfDay } from '../time-text.ts'
import { element, html, setText } from './dom.ts'
import { drawTraffic } from './draw.ts'
import { showChanges, showMoves } from './history.ts'
import { type Mood, SIGNS } from './mood.ts'
import { noticesOf } from './notices.ts'
import type { Seen } from './seen.ts'
import { showNodes, showServices } from './tables.ts'
import { isUnheard, unheard } from './unheard.ts'

/** The agent sends at least every second. */
const OLD_AFTER_MS = 3_000
const LOOK_EVERY_MS = 250
const RETRY_MS = 1_000

let last: { seen: Seen; shown: Seen } | undefined
let heardAt = performance.now()
const drawn = new Map<string, string>()

listen()
setInterval(showSilence, LOOK_EVERY_MS)
new ResizeObserver(([entry]) => {
  const width = entry?.contentRect.width
  const shown = last?.shown
  if (shown !== undefined) whenChanged('width', width, () => drawTraffic(shown))
}).observe(element('picture'))
setText(element('zone'), `times of ${Intl.DateTimeFormat().resolvedOptions().timeZone}`)

/** A browser does not try again what was refused (too many are looking); this does, and after a silence as well. */
function listen(): void {
  const events = new EventSource('/api/v1/events')
  events.onmessage = ({ data }: MessageEvent<string>) => {
    heardAt = performance.now()
    const seen = JSON.parse(data) as Seen
    showHeadline(seen)
    show(seen, seen)
  }
  events.onerror = () => {
    events.close()
    setTimeout(listen, RETRY_MS)
  }
}

function showSilence(): void {
  const silentMs = performance.now() - heardAt
  if (silentMs < OLD_AFTER_MS) return
  const who = last === undefined ? 'this agent' : `the agent of ${last.seen.own.node}`
  setText(element('advice'), '')
  headline('unsure', last?.seen.own.node, `UNKNOWN: ${who} does not answer; HAProxy and keepalived go on without it`)
  setText(element('subline'), `silent for ${age(silentMs)}; this page goes on by itself once it answers`)
  if (last !== undefined) show(last.seen, unheard(last.seen))
}

function showHeadline({ own, cluster }: Seen): void {
  headline(cluster.headline.well ? 'good' : 'bad', own.node, cluster.headline.text)
  setText(element('advice'), cluster.headline.advice === null ? '' : `→ ${cluster.headline.advice}`)
  const fetched =
    own.fetch === null ? 'not asked yet' : `${own.fetch.ok ? 'read' : 'NOT READ'} ${age(own.fetch.ageMs)} ago`
  const parts = [
    `seen from ${own.node}`,
    `release ${own.applied?.release ?? 'none'}`,
    `repository ${fetched}`,
    `lb-agent ${own.version}`,
    timeOfDay(own.atMs),
  ]
  element('subline').replaceChildren(...parts.flatMap((part) => [html('span', part), ' ']))
}

function headline(mood: Mood, node: string | undefined, text: string): void {
  element('banner').className = mood
  setText(element('headline'), `${SIGNS[mood]}${text}`)
  const title = `${SIGNS[mood]}${node ?? ''} lb-agent`
  if (document.title === title) return
  document.title = title
  element('icon').setAttribute('href', iconOf(mood))
}

/** Of many tabs the one that matters can be told by colour and sign. */
function iconOf(mood: Mood): string {
  const fill = mood === 'good' ? '#16713b' : mood === 'bad' ? '#b3261e' : '#8a5a00'
  const sign = SIGNS[mood].trim()
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${fill}"/><text x="16" y="24" font-size="24" font-family="sans-serif" text-anchor="middle" fill="#fff">${sign}</text></svg>`
  return `data:image/svg+xml,${encodeURIComponent(picture)}`
}

/** `shown` is what may be told of `seen` now. */
function show(seen: Seen, shown: Seen): void {
  last = { seen, shown }
  const { own, cluster, services, told, changes } = shown
  const minute = Math.floor(own.atMs / 60_000)
  whenChanged('notices', [own.troubles, own.drains, cluster, services], () => showNotices(shown))
  whenChanged('traffic', [cluster.nodes, cluster.holders, services], () => drawTraffic(shown))
  whenChanged('nodes', [cluster.nodes, own.peers.map(({ address }) => address)], () => showNodes(shown))
  whenChanged('services', services, () => showServices(shown))
  whenChanged('moves', told, () => showMoves(shown))
  whenChanged('changes', [changes, minute], () => showChanges(shown))
}

function showNotices(shown: Seen): void {
  // Of an agent that is silent the headline says all.
  const notices = isUnheard(shown.cluster) ? [] : noticesOf(shown)
  element('notices').replaceChildren(...notices.map(({ mood, text }) => html('li', text, mood)))
}

/** What stays the same is left alone, so that a selected text and the place of a screen reader stay, too. */
function whenChanged(what: string, shown: unknown, draw: () => void): void {
  const text = JSON.stringify(shown)
  if (drawn.get(what) === text) return
  drawn.set(what, text)
  draw()
}
