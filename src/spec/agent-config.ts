/** What is true of this node only (`/etc/lb-agent/agent.yaml`): never read from the repository. Durations are milliseconds. */
export type AgentConfig = {
  node: string
  repository: { url: string; branch: string; path: string; everyMs: number }
  supervisor: 'systemd' | 'embedded'
  /** `names`: what a request may call this server, besides addresses and the hostname. */
  http: HttpConfig
  paths: {
    state: string
    runtime: string
    haproxyConfig: string
    keepalivedConfig: string
    /** The executable that keepalived calls as `… check`. */
    launcher: string
  }
  metrics: { haproxy: HaproxyMetrics }
  /** `statsSocket`: undefined for the one in `paths.runtime`. `pidFile`: that of the distribution's unit. */
  haproxy: { binary: string; user: string; group: string; statsSocket?: string | undefined; pidFile: string }
  keepalived: { binary: string }
  health: { everyMs: number; timeoutMs: number; fall: number; rise: number }
  apply: { confirmWindowMs: number; reloadTimeoutMs: number }
  trust: { rewinds: 'refuse' | 'accept' }
  hooks: { directory: string; timeoutMs: number }
  webhooks: readonly WebhookConfig[]
}

/** `auth`: undefined when anybody who reaches the port may read; otherwise one of the two is enough. */
export type HttpConfig = {
  host: string
  port: number
  names: readonly string[]
  auth: HttpAuth | undefined
  tls: HttpTls | undefined
}

export type HttpAuth = {
  basic: { user: string; password: { file: string } } | undefined
  bearer: { file: string } | undefined
}

/** Files in PEM. `authority`: whom the certificates of the other nodes are signed by. */
export type HttpTls = { certificate: string; key: string; authority: string }

/** Who serves HAProxy's own figures: its exporter, where it was built with one, or the agent; never both. */
export type HaproxyMetrics = 'builtin' | 'agent'

/** `{ file }`: a secret that is read when it is needed and never shown. */
export type WebhookConfig = {
  url: string
  headers: Readonly<Record<string, string | { file: string }>>
  on: readonly ('move' | 'rejected')[]
  timeoutMs: number
  retries: number
}
