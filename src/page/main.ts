import { age } from '../time-text.ts'
import { type Box, COLUMNS, drawingOf, type Mood, SIGNS } from './drawing.ts'
import type { Seen } from './seen.ts'

const [WIDTH, BOX_WIDTH, BOX_HEIGHT, GAP, TOP] = [1080, 172, 46, 14, 30]
const STEP = (WIDTH - BOX_WIDTH) / (COLUMNS.length - 1)
/** The agent sends every second. */
const OLD_AFTER_MS = 3_500
const SVG = 'http://www.w3.org/2000/svg'

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

function html(tag: string, text: string, mood: Mood = 'plain'): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = `${SIGNS[mood]}${text}`
  if (mood !== 'plain') made.className = mood
  return made
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  if (text !== '') made.textContent = text
  return made
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

function drawTraffic(seen: Seen): void {
  const { boxes, arrows, words } = drawingOf(seen)
  const columns = COLUMNS.map((_, column) => boxes.filter((box) => box.column === column))
  const rows = Math.max(...columns.map(({ length }) => length))
  const height = TOP + rows * (BOX_HEIGHT + GAP)
  const places = new Map<string, { x: number; y: number }>()
  columns.forEach((inColumn, column) => {
    const free = (height - TOP - inColumn.length * (BOX_HEIGHT + GAP)) / 2
    inColumn.forEach(({ id }, row) => {
      places.set(id, { x: column * STEP, y: TOP + free + row * (BOX_HEIGHT + GAP) })
    })
  })
  const parts: SVGElement[] = COLUMNS.map((name, column) =>
    svg('text', { class: 'column', x: column * STEP, y: 14 }, name),
  )
  for (const { from, to, mood } of arrows) {
    const [a, b] = [places.get(from), places.get(to)]
    if (a === undefined || b === undefined) continue
    const [x1, y1, x2, y2] = [a.x + BOX_WIDTH, a.y + BOX_HEIGHT / 2, b.x, b.y + BOX_HEIGHT / 2]
    const middle = (x1 + x2) / 2
    parts.push(svg('path', { class: mood, d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }))
  }
  for (const box of boxes) parts.push(...drawBox(box, places.get(box.id) ?? { x: 0, y: 0 }))
  const picture = element('traffic')
  picture.setAttribute('viewBox', `-2 0 ${WIDTH + 4} ${height}`)
  picture.replaceChildren(...parts)
  element('traffic-words').textContent = words
}

function drawBox({ title, detail, mood }: Box, { x, y }: { x: number; y: number }): SVGElement[] {
  const hover = svg('title', {}, `${title}: ${detail}`)
  const rect = svg('rect', { class: mood, x, y, width: BOX_WIDTH, height: BOX_HEIGHT })
  rect.append(hover)
  const titleAt = detail === '' ? y + 28 : y + 19
  return [
    rect,
    svg('text', { class: mood, x: x + 10, y: titleAt }, `${SIGNS[mood]}${cut(title, 19)}`),
    svg('text', { class: 'small', x: x + 10, y: y + 36 }, cut(detail, 25)),
  ]
}

function fillTable(id: string, head: readonly string[], rows: readonly (readonly HTMLElement[])[]): void {
  const headRow = document.createElement('tr')
  headRow.append(
    ...head.map((text) => {
      const cell = html('th', text)
      cell.setAttribute('scope', 'col')
      return cell
    }),
  )
  const bodyRows = rows.map((cells) => {
    const row = document.createElement('tr')
    row.append(...cells)
    return row
  })
  const [thead, tbody] = [document.createElement('thead'), document.createElement('tbody')]
  thead.append(headRow)
  tbody.append(...bodyRows)
  element(id).replaceChildren(thead, tbody)
}

function showNodes({ cluster }: Seen): void {
  const vips = Object.keys(cluster.holders)
  const rows = cluster.nodes.map((node) => {
    if (node.kind === 'silent') {
      const unknown = [html('td', 'UNKNOWN', 'unsure'), ...vips.map(() => html('td', 'UNKNOWN', 'unsure'))]
      return [html('td', node.name), ...unknown, html('td', `no answer: ${node.reason}`, 'unsure')]
    }
    const cells = vips.map((name) => {
      const vip = node.vips.find((candidate) => candidate.name === name)
      if (vip === undefined) return html('td', '–')
      const isTwice = (cluster.holders[name]?.length ?? 0) > 1
      if (vip.held) return html('td', isTwice ? 'DUPLICATE' : `${vip.state}, here`, isTwice ? 'bad' : 'good')
      return html('td', vip.state, vip.state === 'UNKNOWN' || vip.state === 'MASTER' ? 'unsure' : 'plain')
    })
    return [
      html('td', node.name),
      html('td', node.release),
      ...cells,
      html('td', node.text, node.well ? 'good' : 'bad'),
    ]
  })
  fillTable('nodes', ['balancer', 'release', ...vips.map((vip) => `VIP ${vip}`), 'says'], rows)
}

function showServices({ own }: Seen): void {
  const rows = own.services.map((service) => {
    const up = service.up === null ? 'UNKNOWN' : `${service.up} of ${service.total}`
    const mood = service.up === null ? 'unsure' : service.up < service.minimum ? 'bad' : 'good'
    const servers = html('td', '')
    service.servers.forEach((server, at) => {
      if (at > 0) servers.append(', ')
      servers.append(
        html('span', server.up ? server.name : `${server.name} ${server.status}`, server.up ? 'good' : 'bad'),
      )
    })
    return [html('td', service.name), html('td', `${service.address}:${service.port}`), html('td', up, mood), servers]
  })
  fillTable('services', ['service', 'listens on', 'servers up', 'servers'], rows)
}

function showMoves({ told }: Seen): void {
  const items = told.map(({ atMs, text }) => {
    const item = document.createElement('li')
    const when = html('time', new Date(atMs).toLocaleString())
    when.setAttribute('datetime', new Date(atMs).toISOString())
    item.append(when, text)
    return item
  })
  element('moves').replaceChildren(...(items.length > 0 ? items : [html('li', 'nothing yet')]))
}

function showChange({ own }: Seen): void {
  const pass = own.lastPass
  const revision = pass?.revision ?? null
  const what = revision === null ? '' : `${revision.sha.slice(0, 12)} “${revision.subject}” by ${revision.author}, `
  element('change').textContent =
    pass === null
      ? 'none since this agent started'
      : `${what}${age(own.atMs - pass.startedAtMs)} ago: ${pass.result.kind}`
  const stages = (pass?.stages ?? []).map(({ stage, outcome, durationMs, detail }) => {
    const item = document.createElement('li')
    item.append(html('span', stage, outcome === 'ok' ? 'good' : 'bad'), ` ${durationMs} ms  ${detail}`)
    return item
  })
  element('stages').replaceChildren(...stages)
}

function show(seen: Seen): void {
  const { own, cluster } = seen
  const headline = element('headline')
  const text = `${SIGNS[cluster.headline.well ? 'good' : 'bad']}${cluster.headline.text}`
  // A live region is read aloud whenever it is touched.
  if (headline.textContent !== text) headline.textContent = text
  headline.className = cluster.headline.well ? 'good' : 'bad'
  document.title = `${cluster.headline.well ? '✓' : '✕'} ${own.node}: lb-agent`
  const fetched =
    own.fetch === null ? 'not asked yet' : `${own.fetch.ok ? 'read' : 'NOT READ'} ${age(own.fetch.ageMs)} ago`
  element('subline').textContent =
    `${own.node}, lb-agent ${own.version}; release ${own.applied?.release ?? 'none'}; repository ${fetched}; at ${new Date(own.atMs).toLocaleTimeString()}`
  const { vips, services, lastPass } = own
  whenChanged('traffic', { cluster: { ...cluster, atMs: 0 }, services }, () => drawTraffic(seen))
  whenChanged('nodes', cluster.nodes, () => showNodes(seen))
  whenChanged('services', { services, vips }, () => showServices(seen))
  whenChanged('moves', seen.told, () => showMoves(seen))
  whenChanged('change', { lastPass, minute: Math.floor(own.atMs / 60_000) }, () => showChange(seen))
}

const drawn = new Map<string, string>()

/** What stays the same is left alone, so that a selected text and the place of a screen reader stay, too. */
function whenChanged(what: string, shown: unknown, draw: () => void): void {
  const text = JSON.stringify(shown)
  if (drawn.get(what) === text) return
  drawn.set(what, text)
  draw()
}

let heardAt = performance.now()
const events = new EventSource('/api/v1/events')
events.onmessage = ({ data }: MessageEvent<string>) => {
  heardAt = performance.now()
  document.body.classList.remove('old')
  show(JSON.parse(data) as Seen)
}
setInterval(() => {
  const silentMs = performance.now() - heardAt
  if (silentMs < OLD_AFTER_MS) return
  document.body.classList.add('old')
  const headline = element('headline')
  const text = `${SIGNS.unsure}UNKNOWN: this agent does not answer; below is what it said last`
  headline.className = 'unsure'
  if (headline.textContent !== text) headline.textContent = text
  element('subline').textContent = `silent for ${age(silentMs)}`
  document.title = '? lb-agent'
}, 500)
