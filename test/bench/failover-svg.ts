import type { Row } from './failover-report.ts'

/** What the picture shows, top to bottom. */
const FAULTS: Record<string, string> = {
  'haproxy-kill': 'HAProxy killed',
  'haproxy-hang': 'HAProxy hung',
  'keepalived-term': 'keepalived ended',
  'node-cut': 'node cut off',
  drain: 'drained',
}

const WIDTH = 860
const LEFT = 150
const RIGHT = 70
const TOP = 64
const ROW = 15
const GROUP_GAP = 14
const AXIS_MS = { from: 1, to: 20_000 }
const TICKS_MS = [1, 10, 100, 1_000, 10_000]

/**
 * The longest gap of each side for each fault, on a logarithmic scale: a bar to the median, a thin line to the worst round,
 * the figure beside it. A VIP that never moved is a pale bar to the edge. Colours follow the reader's light or dark theme.
 */
export function drawFailover(rows: readonly Row[]): string {
  const sides = [...new Set(rows.map(({ side }) => side))]
  const groups = Object.entries(FAULTS)
    .map(([fault, label]) => ({ label, rows: rows.filter((row) => row.fault === fault) }))
    .filter((group) => group.rows.length > 0)
  const parts: string[] = []
  let y = TOP
  for (const group of groups) {
    const height = group.rows.length * ROW
    parts.push(text(LEFT - 12, y + height / 2 + 4, group.label, 'label', 'end'))
    for (const row of group.rows) {
      parts.push(...drawRow(row, y, sides.indexOf(row.side)))
      y += ROW
    }
    y += GROUP_GAP
  }
  const bottom = y - GROUP_GAP + 6
  const height = bottom + 58
  const grid = TICKS_MS.flatMap((ms) => [
    `<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="${TOP - 6}" y2="${bottom}"/>`,
    text(x(ms), bottom + 16, ms < 1_000 ? `${ms} ms` : `${ms / 1000} s`, 'tick', 'middle'),
  ])
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Longest time without an answer, by fault and by setup">
<style>
text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328 }
.label { font-weight: 600 } .tick, .note { fill: #59636e; font-size: 11px } .figure { font-size: 11px }
.grid { stroke: #d1d9e0; stroke-width: 1 } .worst { stroke-width: 1.5 }
.s0 { fill: #a04a3c; stroke: #a04a3c } .s1 { fill: #d08a3c; stroke: #d08a3c } .s2 { fill: #6f7d8c; stroke: #6f7d8c }
.s3 { fill: #1f7a4d; stroke: #1f7a4d } .s4 { fill: #3fae78; stroke: #3fae78 }
rect { stroke: none } .never { fill-opacity: 0.35 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .tick, .note { fill: #9198a1 } .grid { stroke: #3d444d }
  .s0 { fill: #d97a6a; stroke: #d97a6a } .s1 { fill: #e0a860; stroke: #e0a860 } .s2 { fill: #9aa7b4; stroke: #9aa7b4 }
  .s3 { fill: #3fb77c; stroke: #3fb77c } .s4 { fill: #7fd6a8; stroke: #7fd6a8 }
}
</style>
${legend(sides)}
${grid.join('\n')}
${parts.join('\n')}
${text(LEFT, bottom + 40, 'Longest time without an answer: bar = median, line = worst round. One new connection every 2 ms.', 'note', 'start')}
</svg>
`
}

function drawRow(row: Row, top: number, index: number): string[] {
  const style = `s${Math.min(index, 4)}`
  const middle = top + ROW / 2
  const bar = (to: number, extra = ''): string =>
    `<rect class="${style}${extra}" x="${x(AXIS_MS.from)}" y="${top + 2}" width="${decimal(to - x(AXIS_MS.from))}" height="${ROW - 4}" rx="1"/>`
  if (row.never === row.rounds) {
    return [bar(x(AXIS_MS.to), ' never'), text(x(AXIS_MS.to) + 6, middle + 4, 'never', 'figure', 'start')]
  }
  const [median, worst] = [x(row.gapMs.p50), x(row.never > 0 ? AXIS_MS.to : row.gapMs.max)]
  const figure = row.failed === 0 ? `${inWords(row.gapMs.p50)}, 0 lost` : inWords(row.gapMs.p50)
  return [
    bar(median),
    `<line class="worst ${style}" x1="${median}" x2="${worst}" y1="${middle}" y2="${middle}"/>`,
    text(worst + 6, middle + 4, figure, 'figure', 'start'),
  ]
}

function legend(sides: readonly string[]): string {
  let left = 12
  return sides
    .map((side, index) => {
      const at = left
      // 6.2 px is a little more than the mean width of a character at 12 px.
      left += 34 + 6.2 * side.length
      return `<rect class="s${Math.min(index, 4)}" x="${decimal(at)}" y="16" width="11" height="11" rx="1"/>${text(at + 16, 26, side, 'side', 'start')}`
    })
    .join('\n')
}

/** Where a time stands on the axis. */
function x(ms: number): number {
  const { from, to } = AXIS_MS
  const share = Math.log10(Math.min(to, Math.max(from, ms)) / from) / Math.log10(to / from)
  return decimal(LEFT + share * (WIDTH - LEFT - RIGHT))
}

function inWords(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`
}

function text(left: number, top: number, words: string, style: string, anchor: string): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text class="${style}" x="${decimal(left)}" y="${decimal(top)}" text-anchor="${anchor}">${safe}</text>`
}

function decimal(value: number): number {
  return Math.round(10 * value) / 10
}
