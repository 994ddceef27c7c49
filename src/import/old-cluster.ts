import type { Position, Problem } from '../spec/problem.ts'

/** One file of a node as it was before lb-agent. */
export type OldFile = {
  /** Where it comes from: the file itself, or the template that it was rendered from. */
  source: string
  text: string
  /** Of a template: for each line of `text` the line of `source`. */
  lines: readonly number[] | undefined
}

export type OldNode = {
  name: string
  /** What an inventory, or the name of a directory, says. */
  address: string | undefined
  haproxy: OldFile | undefined
  keepalived: OldFile | undefined
  /** What a playbook puts on the node that is a script, by its path there; undefined: not all that it says is known. */
  scripts: ReadonlyMap<string, string | undefined>
}

/** A pair, or more, of balancers as their files describe them. */
export type OldCluster = {
  nodes: readonly OldNode[]
  /** Files that went into it, for the report. */
  read: readonly string[]
  /** Groups of an inventory: the addresses of their hosts. */
  groups: ReadonlyMap<string, readonly string[]>
  /** Addresses of hosts that an inventory names. */
  addresses: ReadonlyMap<string, string>
  /** What could not be had, or is not as it seems. */
  problems: readonly Problem[]
}

/** The place in the source of a place in the text. */
export function sourceOf(file: OldFile, at: Position): Position {
  const line = file.lines === undefined ? at.line : (file.lines[at.line - 1] ?? 0)
  return { file: file.source, line, col: file.lines === undefined ? at.col : 1 }
}

/** `haproxy.cfg:12, 15, keepalived.conf:3`, for comments; three places at most. */
export function placesText(places: readonly Position[]): string {
  const all = [...new Map(places.map((at) => [shortPlace(at), at])).values()]
  const texts = all
    .slice(0, 3)
    .map((at, index) => (at.file === all[index - 1]?.file ? String(at.line) : shortPlace(at)))
  return `${texts.join(', ')}${all.length > 3 ? ` and ${all.length - 3} more` : ''}`
}

/** `haproxy.cfg:12`, for comments. */
export function shortPlace({ file, line }: Position): string {
  return line === 0 ? file : `${file}:${line}`
}
