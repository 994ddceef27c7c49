import type { RuleFinding } from '../rules/finding.ts'
import type { Position, Problem } from '../spec/problem.ts'

/** What a template of the repository has given: `file` is the name that places in it carry. */
export type Given = { file: string; node: string; text: string; template: { name: string; text: string } }

/**
 * A finding whose places in rendered files are those of the templates, which is what a person can open; its words name the rendered
 * lines. They come first, before what lb.yaml says.
 */
export function inTemplates(found: RuleFinding, given: ReadonlyMap<string, Given>): RuleFinding {
  const moved = found.places.flatMap((at) => {
    const from = given.get(at.file)
    return from === undefined ? [] : [{ at, from, place: placeIn(from, at) }]
  })
  if (moved.length === 0) return found
  const places = [...moved.map(({ place }) => place), ...found.places.filter(({ file }) => !given.has(file))]
  const keys = places.map(({ file, line }) => `${file}:${line}`)
  return {
    ...found,
    message: `${found.message} (${renderedLines(moved)})`,
    places: places.filter((_, index) => keys.indexOf(keys[index] ?? '') === index),
  }
}

/** Problems of templates, which the renderer names as in the repository, beside the lb.yaml that a person has named. */
export function besideSpec(file: string, problems: readonly Problem[]): Problem[] {
  const directory = file.slice(0, file.lastIndexOf('/') + 1)
  return problems.map((problem) =>
    problem.file.startsWith('templates/') ? { ...problem, file: `${directory}${problem.file}` } : problem,
  )
}

const MOST_NAMED = 3

/** `line 80 of what it gives for lb1, lb2, line 82 for lb3`; `what it gives for lb1, lb2` of what has no line. */
function renderedLines(moved: readonly { at: Position; from: Given }[]): string {
  const byLine = new Map<number, string[]>()
  for (const { at, from } of moved) {
    const nodes = byLine.get(at.line) ?? []
    if (!nodes.includes(from.node)) byLine.set(at.line, [...nodes, from.node])
  }
  const told = [...byLine].map(([line, nodes], index) => {
    const given = index === 0 ? 'what it gives ' : ''
    const where = line === 0 ? given : `line ${line} ${given === '' ? '' : `of ${given}`}`
    return `${where}for ${firstOf(nodes)}`
  })
  return firstOf(told)
}

function firstOf(words: readonly string[]): string {
  const more = words.length > MOST_NAMED ? ` and ${words.length - MOST_NAMED} more` : ''
  return `${words.slice(0, MOST_NAMED).join(', ')}${more}`
}

/** The one line of the template that gives such a line; the file as a whole where there is none, or several. */
function placeIn({ text, template }: Given, { line }: Position): Position {
  const rendered = text.split('\n')[line - 1]?.trim()
  const found = rendered === undefined || rendered === '' ? 0 : lineOf(rendered, template.text)
  return { file: template.name, line: found, col: found === 0 ? 0 : 1 }
}

const TAG = /\{\{.*?\}\}|\{%.*?%\}/g
const COMMENT = /\{#.*?#\}/gs

function lineOf(rendered: string, template: string): number {
  const lines = template.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, '')).split('\n')
  const fitting = lines.flatMap((line, index) => {
    const written = line.trim()
    const literals = written.split(TAG)
    const length = literals.join('').length
    return length > 0 && fits(rendered, literals) ? [{ line: index + 1, length }] : []
  })
  const longest = Math.max(0, ...fitting.map(({ length }) => length))
  const [only, another] = fitting.filter(({ length }) => length === longest)
  return only === undefined || another !== undefined ? 0 : only.line
}

/** Whether a line consists of these parts, in their order, with anything between them. */
function fits(line: string, literals: readonly string[]): boolean {
  const [first = '', ...rest] = literals
  const last = rest.at(-1)
  if (last === undefined) return line === first
  if (!line.startsWith(first)) return false
  let from = first.length
  for (const part of rest.slice(0, -1)) {
    const at = line.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return line.length - last.length >= from && line.endsWith(last)
}
