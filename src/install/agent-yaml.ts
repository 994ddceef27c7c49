import { parseDocument } from 'yaml'
import type { InstallOptions } from './options.ts'

/** What install finds on the host and a packaged default does not say. */
export type Found = {
  node: string
  /** HAProxy's unit runs as a user of its own: where it may make its socket, and where its pid is. */
  haproxy: { statsSocket?: string; pidFile?: string }
}

export type AgentYamlOptions = Pick<InstallOptions, 'repo' | 'branch' | 'path' | 'node' | 'listen'>

const HEADER =
  '# What is true of this node only; every key is explained in the README, "agent.yaml". Written by lb-agent install.\n'
const LISTEN = '0.0.0.0:9853'

/**
 * The text of agent.yaml: what is there with its comments, changed where options say otherwise, or a new one. A file that is no YAML
 * stays as it is: who reads it says where. undefined where an option cannot be written into it.
 */
export function agentYaml(before: string | undefined, options: AgentYamlOptions, found: Found): string | undefined {
  const isNew = before === undefined
  const document = parseDocument(before ?? HEADER)
  if (document.errors.length > 0) return before
  const { statsSocket, pidFile } = found.haproxy
  const wanted: readonly (readonly [readonly [string, ...string[]], string | undefined])[] = [
    [['node'], options.node ?? (isNew ? found.node : undefined)],
    [['repository', 'url'], options.repo],
    [['repository', 'branch'], options.branch],
    [['repository', 'path'], options.path],
    [['http', 'listen'], options.listen ?? (isNew ? LISTEN : undefined)],
    [['haproxy', 'statsSocket'], isNew ? statsSocket : undefined],
    [['haproxy', 'pidFile'], isNew ? pidFile : undefined],
  ]
  let changed = false
  try {
    for (const [path, value] of wanted) {
      if (value === undefined || document.getIn(path) === value) continue
      document.setIn(path, value)
      changed = true
    }
  } catch {
    // An alias, or a word where a map should be.
    return undefined
  }
  // Written anew it would have other blanks and breaks.
  if (!changed && !isNew) return before
  const text = document.toString({ lineWidth: 0 })
  return isNew ? `${HEADER}${text.replace(HEADER, '').replace(/^\n+/, '')}` : text
}
