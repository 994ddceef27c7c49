import type { HaproxyConfig } from '../haproxy-config/config.ts'
import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import type { Expectation } from '../render/expectation.ts'

/**
 * What a repository's own templates give for one node, rendered with `release`, and what its agent expects of it. undefined: that
 * file comes from lb-agent's own template.
 */
export type OwnFiles = {
  node: string
  expected: Expectation
  release: string
  fifo: string
  statsSocket: string
  keepalived: KeepalivedConfig | undefined
  haproxy: HaproxyConfig | undefined
}
