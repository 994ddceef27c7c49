import type { HaproxyMetrics } from '../spec/agent-config.ts'

/** What of one node's own surroundings goes into its files. All paths are absolute. */
export type RenderTarget = {
  node: string
  /** Release id that both files carry, `<sha12>-<digest8>`. Empty while the digest itself is computed. */
  release: string
  paths: { state: string; runtime: string; launcher: string }
  /** `statsSocket`: undefined where HAProxy may write in `paths.runtime`. */
  haproxy: { user: string; group: string; statsSocket?: string | undefined }
  metrics: { haproxy: HaproxyMetrics }
}

/** The two files of one node, ready to be written. */
export type RenderedFiles = { haproxy: string; keepalived: string }

/** File names below `paths.runtime` and `paths.state` that the rendered files and the agent agree on. */
export const RUNTIME = {
  statsSocket: 'haproxy.sock',
  masterSocket: 'haproxy-master.sock',
  fifo: 'vrrp/notify.fifo',
  gate: 'vrrp/gate',
  healthPorts: 'health-ports',
  score: (vip: string): string => `vrrp/score-${vip}`,
} as const

/** Where HAProxy makes the socket that the agent asks. */
export function statsSocketOf({ paths, haproxy }: Pick<RenderTarget, 'paths' | 'haproxy'>): string {
  return haproxy.statsSocket ?? `${paths.runtime}/${RUNTIME.statsSocket}`
}

/** Server states are handed from the old HAProxy worker to the new one through this file below `paths.state`. */
export const SERVER_STATE_FILE = 'haproxy-servers'
