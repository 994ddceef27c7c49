import { type Box, COLUMNS, type Drawing, type Shape } from './drawing.ts'
import type { Mood } from './mood.ts'

/** A box, or a line of text above some (a `caption`), in CSS pixels from the top left. */
export type Placed = Box & { x: number; y: number; width: number; height: number }
export type Caption = { text: string; x: number; y: number }
export type Line = { mood: Mood; d: string }
export type Layout = { height: number; boxes: readonly Placed[]; captions: readonly Caption[]; lines: readonly Line[] }

/** With less, five columns of boxes would leave no room for their words. */
const WIDE_FROM = 960
const EDGE = 2

/** A map from left to right where there is room for it, a tree from top to bottom on a telephone. */
export function shapeFor(width: number): Shape {
  return width >= WIDE_FROM ? 'map' : 'tree'
}

export function layoutOf(drawing: Drawing, shape: Shape, width: number): Layout {
  return shape === 'map' ? mapOf(drawing, width) : treeOf(drawing, width)
}

const MAP = { top: 30, maxBox: 184, height: 48, gap: 14, between: 36, maxFree: 2.5 }

function mapOf({ boxes, arrows }: Drawing, width: number): Layout {
  const gaps = COLUMNS.length - 1
  const boxWidth = Math.min(MAP.maxBox, (width - 2 * EDGE - gaps * MAP.between) / COLUMNS.length)
  const step = (width - boxWidth - 2 * EDGE) / gaps
  const columns = COLUMNS.map((_, column) => boxes.filter((box) => box.column === column))
  const rows = Math.max(...columns.map(({ length }) => length))
  const pitch = MAP.height + MAP.gap
  const placed = columns.flatMap((inColumn, column) =>
    inColumn.map((box, row): Placed => {
      // In the middle, but not so low that one must look for it.
      const free = Math.min((rows - inColumn.length) / 2, MAP.maxFree)
      const y = MAP.top + (free + row) * pitch
      return { ...box, x: EDGE + column * step, y, width: boxWidth, height: MAP.height }
    }),
  )
  const at = new Map(placed.map((box) => [box.id, box]))
  const lines = arrows.flatMap(({ from, to, mood }): Line[] => {
    const [a, b] = [at.get(from), at.get(to)]
    if (a === undefined || b === undefined) return []
    const [x1, y1, x2, y2] = [a.x + a.width, a.y + a.height / 2, b.x, b.y + b.height / 2]
    const middle = (x1 + x2) / 2
    return [{ mood, d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }]
  })
  const captions = COLUMNS.map((text, column) => ({ text, x: EDGE + column * step, y: 14 }))
  return { height: MAP.top + rows * pitch, boxes: placed, captions, lines }
}

const TREE = { indent: 18, stem: 9, maxBox: 420, gap: 8, caption: 30 }

function treeOf({ boxes, arrows }: Drawing, width: number): Layout {
  const byId = new Map(boxes.map((box) => [box.id, box]))
  const placed: Placed[] = []
  const lines: Line[] = []
  const captions: Caption[] = []
  let y = EDGE

  const place = (box: Box, depth: number): Placed => {
    const x = EDGE + depth * TREE.indent
    const height = box.detail === '' || box.column === COLUMNS.length - 1 ? 32 : 48
    const made = { ...box, x, y, width: Math.min(TREE.maxBox, width - x - EDGE), height }
    placed.push(made)
    y += height + TREE.gap
    return made
  }
  const grow = (box: Box, depth: number, vip: string | undefined): Placed => {
    const parent = place(box, depth)
    let fromY = parent.y + parent.height
    for (const arrow of arrows) {
      const child = byId.get(arrow.to)
      if (arrow.from !== box.id || child === undefined || (vip !== undefined && arrow.vip !== vip)) continue
      const grown = grow(child, depth + 1, arrow.vip)
      const [x, toY] = [parent.x + TREE.stem, grown.y + grown.height / 2]
      lines.push({ mood: arrow.mood, d: `M${x} ${fromY} V${toY} H${grown.x}` })
      fromY = toY
    }
    return parent
  }
  const clients = byId.get('clients')
  if (clients !== undefined) grow(clients, 0, undefined)
  // Nothing is claimed of them: what is silent may hold a VIP, and what has no holder here may be served elsewhere.
  for (const [column, caption] of [
    [2, 'balancers'],
    [3, 'services'],
  ] as const) {
    const left = boxes.filter((box) => box.column === column && !placed.some(({ id }) => id === box.id))
    if (left.length === 0) continue
    captions.push({
      text: placed.some((box) => box.column === column) ? `other ${caption}` : caption,
      x: EDGE,
      y: y + 18,
    })
    y += TREE.caption
    for (const box of left) grow(box, 0, undefined)
  }
  return { height: y, boxes: placed, captions, lines }
}
