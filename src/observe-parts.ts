import { join } from 'node:path'
import type { Logger } from 'pino'
import { createAskPeer } from './ask-peer.ts'
import { readOldWorkers } from './daemons/haproxy-processes.ts'
import { readHaproxyState } from './daemons/haproxy-state.ts'
import type { Dumper } from './daemons/keepalived-dump.ts'
import type { Unit } from './daemons/unit.ts'
import type { KeepalivedState } from './daemons/watch-keepalived.ts'
import type { HealthWatch } from './health/watch.ts'
import { ownAddresses } from './observe/addresses.ts'
import { watchDrift } from './observe/drift.ts'
import { observe } from './observe/observer.ts'
import { onDemand } from './observe/on-demand.ts'
import { watchOtherHolders } from './observe/other-holders.ts'
import type { VrrpStates } from './observe/vrrp-states.ts'
import { RUNTIME, statsSocketOf } from './render/render-target.ts'
import type { AgentConfig } from './spec/agent-config.ts'

// Twice a second: the damping of scores counts on it (see checkSpreadMs in render/expectation.ts).
const OBSERVE_EVERY_MS = 500
/** Counters that change slowly, looked at in the background while somebody asks. */
const PROCESSES = { everyMs: 10_000, staleAfterMs: 15_000 }
const SETTLED_MS = 3_000
/** keepalived writes a few lines into its log for each dump. */
const COUNTS = { everyMs: 60_000, staleAfterMs: 65_000 }

type Watched = {
  log: Logger
  units: { haproxy: Unit }
  keepalived: () => KeepalivedState
  dump: Dumper
  health: HealthWatch
  vrrp: VrrpStates
}

/** What is looked at again and again, for every face to read: HAProxy, keepalived's counters, the peers, the live files. */
export function createObservers(config: AgentConfig, { log, units, keepalived, dump, health, vrrp }: Watched) {
  const { paths } = config
  const statsSocket = statsSocketOf(config)
  const haproxy = observe({
    read: () => readHaproxyState(statsSocket, OBSERVE_EVERY_MS),
    everyMs: OBSERVE_EVERY_MS,
    staleAfterMs: 3 * OBSERVE_EVERY_MS,
    onFact: (fact) => health.setServers(fact.kind === 'known' ? fact.value.servers : undefined),
  })
  const askPeer = createAskPeer(config.http)
  const others = watchOtherHolders({
    peers: () => health.expectation()?.peers ?? [],
    held: () => {
      const addresses = ownAddresses()
      return (health.expectation()?.vips ?? [])
        .filter(({ address }) => addresses.has(address))
        .map(({ name, address }) => ({ name, address, suspect: !vrrp.isMaster(name) }))
    },
    ask: askPeer,
  })
  const haproxyOldWorkers = onDemand({
    read: () => {
      const [unit, seen] = [units.haproxy.state(), haproxy.latest()]
      return readOldWorkers({
        masterSocket: join(paths.runtime, RUNTIME.masterSocket),
        timeoutMs: OBSERVE_EVERY_MS,
        master: unit.kind === 'running' ? unit.pid : undefined,
        current: seen.kind === 'known' ? seen.value.pid : undefined,
      })
    },
    ...PROCESSES,
  })
  const keepalivedCounts = onDemand({
    read: async () => {
      const state = keepalived()
      // One that has just been started has no handler for the signal yet, which would end it.
      if (state.kind === 'running' && state.ageMs < SETTLED_MS)
        return { kind: 'unavailable', reason: 'keepalived does not run for long enough' }
      const answer = await dump({ scripts: true })
      return answer.kind === 'instances' ? { kind: 'state', state: answer } : answer
    },
    // The counters of a keepalived that has ended or hangs tell nothing of the one that runs.
    stillTrue: ({ pid }) => {
      const state = keepalived()
      return state.kind === 'running' && state.pid === pid
    },
    ...COUNTS,
  })
  const drift = watchDrift([paths.haproxyConfig, paths.keepalivedConfig], {
    onChange: () => {
      const drifts = drift.drifts()
      if (drifts.length > 0) log.warn({ about: 'drift', drifts }, 'live files differ from the applied release')
      else log.info({ about: 'drift' }, 'live files are those of the applied release again')
    },
  })

  return {
    ...{ haproxy, askPeer, others, haproxyOldWorkers, keepalivedCounts, drift },
    close: async (): Promise<void> => {
      haproxy.close()
      others.close()
      await drift.close()
    },
  }
}
