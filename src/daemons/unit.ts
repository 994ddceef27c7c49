/** One of the two daemons, whoever supervises it. */
export type UnitName = 'haproxy' | 'keepalived'

export type UnitState = { kind: 'running'; pid: number } | { kind: 'stopped'; reason: string }

export type Outcome = { kind: 'done' } | { kind: 'failed'; reason: string }

/** How the agent starts, reloads and stops a daemon. Nothing here waits for a new configuration to serve: see `confirm…`. */
export type Unit = {
  name: UnitName
  state(): UnitState
  /** Makes the daemon read its file: a reload when it runs, a start when it does not. */
  reloadOrStart(signal: AbortSignal): Promise<Outcome>
  stop(signal: AbortSignal): Promise<Outcome>
  /** Goes on starting a daemon whose start has failed. */
  insist(): void
  /** What the daemon printed after `mark()`, for the reason of a failure; empty where the agent cannot read it. */
  mark(): number
  printedSince(mark: number): string
  /** Ends watching. The daemon itself goes on: the agent's own end must not move a VIP. */
  close(): void
}
