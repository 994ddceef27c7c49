import { type Mood, SIGNS } from './mood.ts'

const SVG = 'http://www.w3.org/2000/svg'

export function element(id: string): Element {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/** An element with a text, told by sign and colour how it is. */
export function html(tag: string, text: string, mood: Mood = 'plain'): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = `${SIGNS[mood]}${text}`
  if (mood !== 'plain') made.className = mood
  return made
}

export function svg(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  if (text !== '') made.textContent = text
  return made
}

/** A live region is read aloud whenever it is touched. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

/** A time of this browser's zone, which the page names once. */
export function timeElement(atMs: number, text: string): HTMLElement {
  const made = html('time', text)
  made.setAttribute('datetime', new Date(atMs).toISOString())
  return made
}

/** Rows that a narrow screen stacks; the roles keep them a table for whoever has it read aloud. */
export function fillTable(id: string, head: readonly string[], rows: readonly (readonly HTMLElement[])[]): void {
  const row = (cells: readonly HTMLElement[]): HTMLElement => {
    const made = withRole('tr', 'row')
    made.append(...cells)
    return made
  }
  const heads = head.map((text) => {
    const cell = html('th', text)
    cell.setAttribute('scope', 'col')
    cell.setAttribute('role', 'columnheader')
    return cell
  })
  const [thead, tbody] = [withRole('thead', 'rowgroup'), withRole('tbody', 'rowgroup')]
  thead.append(row(heads))
  for (const cells of rows) {
    cells.forEach((cell, at) => {
      cell.setAttribute('role', cell.tagName === 'TH' ? 'rowheader' : 'cell')
      cell.dataset['head'] = head[at] ?? ''
    })
    tbody.append(row(cells))
  }
  element(id).replaceChildren(thead, tbody)
}

/** The name of a row. */
export function rowHead(content: string | Node): HTMLElement {
  const made = html('th', '')
  made.setAttribute('scope', 'row')
  made.append(content)
  return made
}

function withRole(tag: string, role: string): HTMLElement {
  const made = document.createElement(tag)
  made.setAttribute('role', role)
  return made
}
