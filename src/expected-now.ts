import type { DaemonName } from './apply/plan-steps.ts'
import type { Release } from './apply/release.ts'
import type { Expectation } from './render/expectation.ts'

/**
 * What the daemons of this node are to do now. A release is applied only once its confirm window is over; until then they run
 * another one than the applied one, and HAProxy runs its part of it first.
 */
export type ExpectedNow = {
  /** undefined before the first release. */
  get(): Expectation | undefined
  /** The daemon is known to run it, whatever is applied. */
  loaded(daemon: DaemonName, release: Pick<Release, 'expectation'>): Promise<void>
  /** What is applied is what they run. */
  settled(): void
}

/** `lookAtHaproxy`: until it is asked anew, the servers of a new service are missing. */
export function createExpectedNow(options: {
  applied(): Expectation | undefined
  lookAtHaproxy(): Promise<unknown>
}): ExpectedNow {
  let loaded: Partial<Record<DaemonName, Expectation>> = {}
  return {
    get: () => {
      const base = loaded.keepalived ?? options.applied()
      if (base === undefined || loaded.haproxy === undefined) return base
      const { services, healthPort, haproxyMetrics } = loaded.haproxy
      return { ...base, services, healthPort, haproxyMetrics }
    },
    loaded: async (daemon, { expectation }) => {
      if (daemon === 'haproxy' && loaded.haproxy !== expectation) await options.lookAtHaproxy()
      loaded = { ...loaded, [daemon]: expectation }
    },
    settled: () => {
      loaded = {}
    },
  }
}
