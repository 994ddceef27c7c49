import type { output } from 'zod'
import type { checkSchema, serviceSchema } from './service-schema.ts'
import type { Check, Profile, Service, Timeouts } from './spec.ts'

type Defaults = Pick<Service, 'mode' | 'balance' | 'timeouts'> & { check: CheckDefaults }
type CheckDefaults = { type: 'tcp' | 'http' | 'https'; path: string; unauthorized: 'up' | 'down' }

// A watch may be silent for minutes, so the usual 50 s would cut it; in mode tcp the tunnel timeout rules once both sides talk.
const HOUR_MS = 3_600_000
const WATCHES: Timeouts = { connectMs: 2000, clientMs: 4 * HOUR_MS, serverMs: 4 * HOUR_MS, tunnelMs: 4 * HOUR_MS }
const USUAL: Timeouts = { connectMs: 2000, clientMs: 60_000, serverMs: 60_000, tunnelMs: HOUR_MS }
const ACCEPTS: CheckDefaults = { type: 'tcp', path: '/', unauthorized: 'down' }

export const PROFILES: Record<Profile, Defaults> = {
  tcp: { mode: 'tcp', balance: 'roundrobin', check: ACCEPTS, timeouts: USUAL },
  http: { mode: 'http', balance: 'roundrobin', check: ACCEPTS, timeouts: USUAL },
  'kubernetes-api': {
    mode: 'tcp',
    balance: 'leastconn',
    // K3s refuses anonymous questions with 401: the API server answers, though it need not be ready.
    check: { type: 'https', path: '/readyz', unauthorized: 'up' },
    timeouts: WATCHES,
  },
}

/** A service with the defaults of its profile filled in. */
export function toService(name: string, written: output<typeof serviceSchema>): Service {
  const { vip, port, pool, profile, minimumServers, sendProxy, timeouts } = written
  const defaults = PROFILES[profile]
  return {
    name,
    vip,
    port,
    pool,
    profile,
    mode: defaults.mode,
    minimumServers,
    balance: written.balance ?? defaults.balance,
    serverPort: written.serverPort ?? port,
    sendProxy,
    check: toCheck(written.check ?? {}, defaults.check),
    timeouts: {
      connectMs: timeouts.connect ?? defaults.timeouts.connectMs,
      clientMs: timeouts.client ?? defaults.timeouts.clientMs,
      serverMs: timeouts.server ?? defaults.timeouts.serverMs,
      tunnelMs: timeouts.tunnel ?? defaults.timeouts.tunnelMs,
    },
  }
}

function toCheck(written: output<typeof checkSchema>, defaults: CheckDefaults): Check {
  const given = typeof written === 'string' ? { type: written } : written
  const rhythm = { intervalMs: given.interval ?? 1000, rise: given.rise ?? 2, fall: given.fall ?? 2 }
  const kind = given.type ?? defaults.type
  if (kind === 'tcp') return { kind, ...rhythm }
  return { kind, path: given.path ?? defaults.path, host: given.host, expect: toExpect(given, defaults), ...rhythm }
}

/** A list that somebody wrote is meant as written; 401 joins it only when `unauthorized: up` says so too. */
function toExpect(
  given: { expect?: number | number[] | undefined; unauthorized?: 'up' | 'down' | undefined },
  defaults: CheckDefaults,
): number[] {
  const expect = [given.expect ?? 200].flat()
  const unauthorized = given.unauthorized ?? (given.expect === undefined ? defaults.unauthorized : 'down')
  return [...new Set(unauthorized === 'up' ? [...expect, 401] : expect)]
}
