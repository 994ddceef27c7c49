import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openStateFiles } from './apply/apply-state.ts'
import { createReleaseStore } from './apply/release-store.ts'
import { createSuspensions } from './apply/suspension.ts'
import { createDaemons, createKeepalivedDumper, createKeepalivedWatch, createUnits } from './daemon-parts.ts'
import { watchFifo } from './daemons/watch-fifo.ts'
import { createEvents } from './event-parts.ts'
import { createDrains } from './health/drains.ts'
import { createMemory } from './health/memory.ts'
import { readTakeover, TAKEOVER_FILE } from './health/takeover.ts'
import { createTrackFiles } from './health/track-files.ts'
import { watchHealth } from './health/watch.ts'
import { ownAddresses } from './observe/addresses.ts'
import { createVrrpStates } from './observe/vrrp-states.ts'
import { createObservers } from './observe-parts.ts'
import { RUNTIME } from './render/render-target.ts'
import type { Secrets } from './secrets.ts'
import { createSource } from './source/source.ts'
import type { AgentConfig } from './spec/agent-config.ts'
import { createTroubles } from './troubles.ts'
import { watchTakeover } from './watch-takeover.ts'
import { createWords } from './words.ts'

const FETCH_TIMEOUT_MS = 30_000

/** Everything that the agent's story in `agent.ts` works with, made for one node. */
export type Parts = Awaited<ReturnType<typeof createParts>>

/** Builds the parts from agent.yaml; starts looking at the daemons, changes nothing yet. */
export async function createParts(
  config: AgentConfig,
  { log, secrets, onAnswer }: { log: Logger; secrets: Secrets; onAnswer(ms: number): void },
) {
  const { paths } = config
  const now = (): number => Date.now()
  for (const directory of [paths.state, paths.runtime]) mkdirSync(directory, { recursive: true, mode: 0o755 })

  const words = createWords(secrets.hide)
  const troubles = createTroubles(now, words)
  const state = await openStateFiles(paths.state)
  const store = createReleaseStore(join(paths.state, 'releases'))
  const running = state.current().applied
  const release = running === null ? undefined : await store.get(running.release)
  const events = createEvents(config, {
    ...{ now, log, secrets, words, troubles },
    running: () => state.current().applied?.revision ?? null,
    expectation: () => health.expectation() ?? release?.expectation,
  })
  const units = createUnits(config, log, (unit, what, reason) => {
    // The fastest news of all: a probe learns of it some milliseconds later.
    if (unit === 'haproxy' && what === 'died') health.haproxyEnded(`HAProxy ${reason}`)
    events.timeline.add({ kind: 'daemon', unit, what, reason })
    // A keepalived that comes back must not take at once what another node has taken meanwhile.
    if (unit === 'keepalived' && what === 'died') health.holdBack()
  })
  const trackFiles = createTrackFiles(paths.runtime)
  let scoresAreDue = false
  const scheduleScores = (): void => {
    if (scoresAreDue) return
    scoresAreDue = true
    setImmediate(() => {
      scoresAreDue = false
      health.updateScores()
    })
  }
  const keepalived = createKeepalivedWatch(units.keepalived, log, (what, reason) => {
    events.timeline.add({ kind: 'daemon', unit: 'keepalived', what, reason })
    scheduleScores()
  })
  const keepalivedPid = (): number | undefined => {
    const state = keepalived.state()
    return state.kind === 'stopped' ? undefined : state.pid
  }
  const vrrp = createVrrpStates({
    file: join(paths.runtime, 'vrrp-states.json'),
    keepalived: keepalived.state,
    now,
  })
  const drains = createDrains(join(paths.state, 'drains.json'), {
    ...{ now, troubles },
    onEnd: ({ vip }) => {
      const vips = vip === undefined ? [] : [vip]
      events.timeline.add({ kind: 'drain', vips, on: false, untilMs: null, reason: 'its time is over' })
      log.info({ about: 'drain', vip: vip ?? 'all' }, 'drain is over')
    },
  })
  const suspensions = createSuspensions(join(paths.state, 'suspension.json'), {
    ...{ now, troubles },
    onEnd: () => {
      events.timeline.add({ kind: 'suspend', on: false, untilMs: null, reason: 'its time is over' })
      log.info({ about: 'suspension' }, 'resumed')
    },
  })
  const takeover = readTakeover(join(paths.state, TAKEOVER_FILE), troubles)
  const health = watchHealth({
    trackFiles,
    takeover,
    thresholds: config.health,
    everyMs: config.health.everyMs,
    timeoutMs: config.health.timeoutMs,
    onAnswer,
    memory: createMemory({
      runtime: join(paths.runtime, 'health.json'),
      state: join(paths.state, 'healthy-once.json'),
    }),
    drains,
    troubles,
    holding: () => {
      const addresses = ownAddresses()
      return ({ name, address }) => addresses.has(address) && vrrp.isMaster(name)
    },
    isHeard: (vip) => vrrp.get(vip) !== undefined,
    now,
    onVerdict: ({ serving, reason }) => {
      events.timeline.add({ kind: 'gate', open: serving, reason })
      const fields = { about: 'gate', open: serving, reason }
      if (serving) log.info(fields, 'gate opened')
      else log.warn(fields, 'gate closed')
    },
    onChange: ({ vip, score, before, reason }) => {
      events.timeline.add({ kind: 'score', vip, from: before ?? null, to: score, reason })
      log.info({ about: `score of ${vip}`, vip, score, reason, before }, 'score changed')
    },
  })
  // Asked for where the release that runs listens, from the first probe on, and where an apply that was interrupted may have
  // moved it.
  if (release !== undefined) health.expect(release.expectation)
  // What an adopted keepalived has told while no agent ran is read first of all.
  let isLate = keepalivedPid() !== undefined
  const fifo = await watchFifo({
    path: join(paths.runtime, RUNTIME.fifo),
    ...{ keepalivedPid, troubles, log },
    onEvent: (event) => {
      const change = vrrp.take(event)
      // A node that has become MASTER has nothing to wait for any more. Many VIPs that move together are looked at once.
      if (change !== undefined) scheduleScores()
      if (change !== undefined) events.onStateChange(change, units.keepalived, isLate)
      if (event.kind === 'state')
        log.info(
          { about: `VIP ${event.instance}`, vip: event.instance, state: event.state, priority: event.priority },
          'VRRP state changed',
        )
    },
  })
  isLate = false

  const dump = createKeepalivedDumper(config, keepalived.state)
  const observers = createObservers(config, { log, units, keepalived: keepalived.state, dump, health, vrrp })
  const takeoverWatch = watchTakeover({
    ...{ takeover, health, log },
    expected: health.expectation,
    ask: observers.askPeer,
    backendsUp: () => {
      const fact = observers.haproxy.latest()
      const servers = fact.kind === 'known' ? fact.value.servers : []
      return new Set(servers.flatMap(({ backend, up, checked }) => (up && checked ? [backend] : [])))
    },
  })

  return {
    config,
    log,
    secrets,
    words,
    now,
    units,
    keepalived: keepalived.state,
    daemons: createDaemons(config, units, {
      keepalived: keepalived.state,
      reports: vrrp,
      dump,
      holds: (address) => ownAddresses().has(address),
      gateIsOpen: () => health.verdict().serving,
      mayListenAt: health.mayListenAt,
      listensAt: health.listensAt,
      mendFifo: fifo.look,
    }),
    vrrp,
    troubles,
    drains,
    takeover,
    suspensions,
    timeline: events.timeline,
    health,
    haproxy: observers.haproxy,
    askPeer: observers.askPeer,
    others: observers.others,
    keepalivedCounts: observers.keepalivedCounts,
    haproxyOldWorkers: observers.haproxyOldWorkers,
    drift: observers.drift,
    addresses: ownAddresses,
    source: createSource({
      ...config.repository,
      mirror: join(paths.state, 'mirror.git'),
      fetchTimeoutMs: FETCH_TIMEOUT_MS,
      now,
    }),
    store,
    state,
    /** What the applied release is to do on this node; undefined before the first one. */
    expected: () => {
      const { applied } = state.current()
      return applied === null ? undefined : store.expectation(applied.release)
    },
    live: { haproxy: paths.haproxyConfig, keepalived: paths.keepalivedConfig },
    close: async (): Promise<void> => {
      takeoverWatch.close()
      health.close()
      suspensions.close()
      fifo.close()
      keepalived.close()
      units.haproxy.close()
      units.keepalived.close()
      await Promise.all([observers.close(), events.close()])
    },
  }
}
