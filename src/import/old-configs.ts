import type { HaproxyConfig } from '../haproxy-config/config.ts'
import { readHaproxyConfig } from '../haproxy-config/read-haproxy-config.ts'
import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import type { Included } from '../keepalived-config/read-lines.ts'
import { wordsOfCommand } from '../proof/hand-trackers.ts'
import type { Position, Problem } from '../spec/problem.ts'
import { isUnknown } from './ansible/filters.ts'
import { directoryOf, joined, nameOf } from './ansible/paths.ts'
import { type OldCluster, type OldFile, type OldNode, sourceOf } from './old-cluster.ts'

/** A node with its files read. All positions are those of the sources. */
export type OldConfig = {
  node: OldNode
  haproxy: HaproxyConfig | undefined
  keepalived: KeepalivedConfig | undefined
  /** Texts of check scripts that are among the files, by the word of the command that names them. */
  scripts: ReadonlyMap<string, string>
}

export function readOldConfigs({ nodes }: OldCluster, files: ReadonlyMap<string, string>): OldConfig[] {
  // An include names a path on the node; beside the file there may be what it stands for.
  const include = (pattern: string, from: string): Included[] => {
    const wanted = joined(directoryOf(from), pattern.replace(/^\/etc\/keepalived\//, '')) ?? ''
    const found = [...files].filter(([path]) => path === wanted || matches(path, wanted))
    return found.map(([name, text]) => ({ name, text }))
  }
  return nodes.map((node) => {
    const { haproxy, keepalived, name } = node
    const configId = name.split('.')[0] ?? name
    const config =
      keepalived &&
      atSources(
        withoutUnknown(readKeepalivedConfig(keepalived.source, keepalived.text, { configId, include }), keepalived),
        keepalived,
      )
    return {
      node,
      scripts: scriptsOf(config, node, files),
      keepalived: config,
      haproxy: haproxy && atSources(withoutUnknown(readHaproxyConfig(haproxy.source, haproxy.text), haproxy), haproxy),
    }
  })
}

/** As the playbook puts them there, else files of the same name: a script may lie in the project, and be brought by hand. */
function scriptsOf(
  config: KeepalivedConfig | undefined,
  node: OldNode,
  files: ReadonlyMap<string, string>,
): Map<string, string> {
  const found = new Map<string, string>()
  for (const word of (config?.scripts ?? []).flatMap(({ command }) => wordsOfCommand(command))) {
    if (!word.includes('/')) continue
    const text = node.scripts.has(word) ? node.scripts.get(word) : scriptNamed(nameOf(word), files)
    if (text !== undefined) found.set(word, text)
  }
  return found
}

function scriptNamed(name: string, files: ReadonlyMap<string, string>): string | undefined {
  const text = [...files].find(([path]) => nameOf(path) === name || nameOf(path) === `${name}.j2`)?.[1]
  // A template with values in it does not say what it will do.
  return text?.startsWith('#!') === true && !/\{\{|\{%/.test(text) ? text : undefined
}

/** A rule about a line would be one about the text that stands for what is not known, such as its length. */
function withoutUnknown<T extends { problems: readonly Problem[] }>(config: T, { source, text }: OldFile): T {
  const lines = text.split('\n')
  const isOfUnknown = ({ file, line }: Problem) => file === source && isUnknown(lines[line - 1] ?? '')
  return { ...config, problems: config.problems.filter((problem) => !isOfUnknown(problem)) }
}

function matches(path: string, pattern: string): boolean {
  const [before = '', after, ...more] = pattern.split('*')
  if (after === undefined || more.length > 0 || path.length < before.length + after.length) return false
  return path.startsWith(before) && path.endsWith(after) && !path.slice(before.length).includes('/')
}

/** The same value with every position in it moved to the template that its line was rendered from. */
function atSources<T>(config: T, file: OldFile): T {
  return file.lines === undefined ? config : (moved(config, file) as T)
}

function moved(value: unknown, file: OldFile): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, file))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, moved(item, file)]))
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, moved(item, file)]))
  return isPosition(value) && value.file === file.source ? { ...copy, ...sourceOf(file, value) } : copy
}

function isPosition(value: object): value is Position {
  return 'file' in value && 'line' in value && 'col' in value
}
