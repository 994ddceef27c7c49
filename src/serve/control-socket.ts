import { join } from 'node:path'
import type { AgentConfig } from '../spec/agent-config.ts'

/** Where the agent of this node listens for `status`, `sync` and the like. */
export function controlSocketOf({ paths }: Pick<AgentConfig, 'paths'>): string {
  return join(paths.runtime, 'control.sock')
}
