import { parseDocument } from 'yaml'
import type { InstallOptions } from './options.ts'

/** What install finds on the host and a packaged default does not say. */
export type Found = {
  node: string
  /** HAProxy's unit runs as a user of its own: where it may make its socket, and where its pid is. */
  haproxy: { statsSocket?: string; pidFile?: string }
}

const HEADER =
  '# What is true of this node only; every key is explained in the README, "agent.yaml". Written by lb-agent install.\n'
const LISTEN = '0.0.0.0:9853'

/** The text of agent.yaml: what is there with its comments, changed where options say otherwise, or a new one. */
export function agentYaml(before: string | undefined, options: InstallOptions, found: Found): string {
  const document = parseDocument(before ?? HEADER)
  const set = (path: readonly string[], value: string | undefined): void => {
    if (value !== undefined && document.getIn(path) !== value) document.setIn(path, value)
  }
  const isNew = before === undefined
  set(['node'], options.node ?? (isNew ? found.node : undefined))
  set(['repository', 'url'], options.repo)
  set(['repository', 'branch'], options.branch)
  set(['repository', 'path'], options.path)
  set(['http', 'listen'], options.listen ?? (isNew ? LISTEN : undefined))
  if (isNew) {
    set(['haproxy', 'statsSocket'], found.haproxy.statsSocket)
    set(['haproxy', 'pidFile'], found.haproxy.pidFile)
  }
  const text = document.toString({ lineWidth: 0 })
  return isNew ? `${HEADER}${text.replace(HEADER, '').replace(/^\n+/, '')}` : text
}
