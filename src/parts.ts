import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createStateFiles } from './apply/apply-state.ts'
import { createReleaseStore } from './apply/release-store.ts'
import { readAsset, readEngine } from './assets.ts'
import { createDaemons, createUnits } from './daemon-parts.ts'
import { readHaproxyState } from './daemons/haproxy-state.ts'
import { makeFifo, openFifo } from './daemons/keepalived-fifo.ts'
import { createDrains } from './health/drains.ts'
import { createMemory } from './health/memory.ts'
import { createTrackFiles } from './health/track-files.ts'
import { watchHealth } from './health/watch.ts'
import { ownAddresses } from './observe/addresses.ts'
import { watchDrift } from './observe/drift.ts'
import { observe } from './observe/observer.ts'
import { watchOtherHolders } from './observe/other-holders.ts'
import { createVrrpStates } from './observe/vrrp-states.ts'
import { RUNTIME } from './render/render-target.ts'
import { createTemplateEngine, type TemplateEngine } from './render/template-engine.ts'
import { createSource } from './source/source.ts'
import type { AgentConfig } from './spec/agent-config.ts'
import { createTroubles } from './troubles.ts'

// Twice a second: the damping of scores counts on it (see checkSpreadMs in render/expectation.ts).
const OBSERVE_EVERY_MS = 500
const FETCH_TIMEOUT_MS = 30_000

/** Everything that the agent's story in `agent.ts` works with, made for one node. */
export type Parts = Awaited<ReturnType<typeof createParts>>

/** Builds the parts from agent.yaml; starts looking at the daemons, changes nothing yet. */
export async function createParts(config: AgentConfig, log: Logger) {
  const { paths } = config
  const now = (): number => Date.now()
  for (const directory of [paths.state, paths.runtime]) mkdirSync(directory, { recursive: true, mode: 0o755 })

  const units = createUnits(config, log)
  const trackFiles = createTrackFiles(paths.runtime)
  const vrrp = createVrrpStates({
    file: join(paths.runtime, 'vrrp-states.json'),
    keepalivedPid: () => {
      const state = units.keepalived.state()
      return state.kind === 'running' ? state.pid : undefined
    },
    now,
  })
  const troubles = createTroubles(now)
  const fifoPath = join(paths.runtime, RUNTIME.fifo)
  await makeFifo(fifoPath)
  const fifo = openFifo(fifoPath, (event) => {
    vrrp.take(event)
    // A node that has become MASTER has nothing to wait for any more.
    if (event.kind === 'state') health.updateScores()
    if (event.kind === 'state')
      log.info({ vip: event.instance, state: event.state, priority: event.priority }, 'VRRP state changed')
  })

  const statsSocket = join(paths.runtime, RUNTIME.statsSocket)
  const drains = createDrains(join(paths.state, 'drains.json'), now, ({ vip }) => {
    log.info({ vip: vip ?? 'all' }, 'drain is over')
  })
  const health = watchHealth({
    trackFiles,
    thresholds: config.health,
    everyMs: config.health.everyMs,
    timeoutMs: config.health.timeoutMs,
    memory: createMemory({
      runtime: join(paths.runtime, 'health.json'),
      state: join(paths.state, 'healthy-once.json'),
    }),
    drains,
    troubles,
    holds: (address) => ownAddresses().has(address),
    now,
    onVerdict: ({ serving, reason }) => log.warn({ open: serving, reason }, serving ? 'gate opened' : 'gate closed'),
    onChange: (change) => log.info(change, 'score changed'),
  })
  const haproxy = observe({
    read: () => readHaproxyState(statsSocket, OBSERVE_EVERY_MS),
    everyMs: OBSERVE_EVERY_MS,
    staleAfterMs: 3 * OBSERVE_EVERY_MS,
    now,
    onFact: (fact) => health.setServers(fact.kind === 'known' ? fact.value.servers : undefined),
  })
  const others = watchOtherHolders({
    peers: () => health.expectation()?.peers ?? [],
    held: () => {
      const addresses = ownAddresses()
      return (health.expectation()?.vips ?? [])
        .filter(({ address }) => addresses.has(address))
        .map(({ name, address }) => ({ name, address, suspect: vrrp.get(name)?.state !== 'MASTER' }))
    },
    port: config.http.port,
    now,
  })
  const drift = watchDrift([paths.haproxyConfig, paths.keepalivedConfig], {
    now,
    onChange: () => log.warn({ drifts: drift.drifts() }, 'live files differ from the applied release'),
  })
  let engine: TemplateEngine | undefined

  return {
    config,
    log,
    now,
    units,
    daemons: createDaemons(config, units, {
      reports: vrrp,
      holds: (address) => ownAddresses().has(address),
      gateIsOpen: () => health.verdict().serving,
      probeAt: health.probeAt,
    }),
    troubles,
    vrrp,
    drains,
    health,
    haproxy,
    others,
    drift,
    addresses: ownAddresses,
    /** Loaded when a revision is first rendered: an agent that only looks after what runs needs 20 MB less. */
    engine: (): TemplateEngine => {
      engine ??= createTemplateEngine(readEngine())
      return engine
    },
    templates: {
      haproxy: readAsset('templates/haproxy.cfg.j2'),
      keepalived: readAsset('templates/keepalived.conf.j2'),
    },
    source: createSource({
      ...config.repository,
      mirror: join(paths.state, 'mirror.git'),
      fetchTimeoutMs: FETCH_TIMEOUT_MS,
      now,
    }),
    store: createReleaseStore(join(paths.state, 'releases')),
    state: createStateFiles(paths.state),
    live: { haproxy: paths.haproxyConfig, keepalived: paths.keepalivedConfig },
    close: async (): Promise<void> => {
      health.close()
      haproxy.close()
      others.close()
      fifo.close()
      units.haproxy.close()
      units.keepalived.close()
      await drift.close()
    },
  }
}
