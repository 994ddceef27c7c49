import { element, setText, svg } from './dom.ts'
import { drawingOf } from './drawing.ts'
import { layoutOf, type Placed, shapeFor } from './layout.ts'
import { type Mood, SIGNS } from './mood.ts'
import type { Seen } from './seen.ts'

/** What is wrong lies on top. */
const ORDER: readonly Mood[] = ['plain', 'good', 'weak', 'unsure', 'bad']
const PADDING = 10
/** For the state of a server beside its name. */
const DETAIL_ROOM = 72

/** Draws the traffic at the width that there is, in letters of the size of the page's own. */
export function drawTraffic(seen: Pick<Seen, 'cluster' | 'services'>): void {
  const picture = element('traffic')
  const width = Math.floor(picture.getBoundingClientRect().width)
  // Not on the screen yet: drawn once it is.
  if (width === 0) return
  const shape = shapeFor(width)
  const drawing = drawingOf(seen, shape)
  const { height, boxes, captions, lines } = layoutOf(drawing, shape, width)
  picture.setAttribute('height', String(height))
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
  picture.replaceChildren(
    ...captions.map(({ text, x, y }) => svg('text', { class: 'caption', x, y }, text)),
    ...ORDER.flatMap((mood) => lines.filter((line) => line.mood === mood)).map(({ mood, d }) =>
      svg('path', { class: mood, d }),
    ),
    ...boxes.flatMap(drawBox),
  )
  for (const text of picture.querySelectorAll<SVGTextElement>('text[data-width]')) fit(text)
  setText(element('traffic-words'), drawing.words)
}

function drawBox({ title, detail, mood, x, y, width, height }: Placed): SVGElement[] {
  const rect = svg('rect', { class: mood, x, y, width, height })
  rect.append(svg('title', {}, `${title}: ${detail}`))
  const room = width - 2 * PADDING
  const name = `${SIGNS[mood]}${title}`
  if (detail === '') return [rect, svg('text', { class: mood, x: x + PADDING, y: y + height / 2 + 5 }, name)]
  // A low box has its words side by side.
  const isLow = height < 40
  const [nameRoom, detailRoom] = isLow ? [room - DETAIL_ROOM - PADDING, DETAIL_ROOM] : [room, room]
  const small = isLow
    ? { x: x + width - PADDING, y: y + 21, 'text-anchor': 'end' }
    : { x: x + PADDING, y: y + 37, 'text-anchor': 'start' }
  return [
    rect,
    svg('text', { class: mood, x: x + PADDING, y: y + (isLow ? 21 : 20), 'data-width': nameRoom }, name),
    svg('text', { class: 'small', ...small, 'data-width': detailRoom }, detail),
  ]
}

function fit(text: SVGTextElement): void {
  const room = Number(text.dataset['width'])
  const whole = text.textContent ?? ''
  for (let length = whole.length - 1; text.getComputedTextLength() > room && length > 1; length -= 1)
    text.textContent = `${whole.slice(0, length)}…`
}
