import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openStateFiles } from './apply/apply-state.ts'
import { createReleaseStore } from './apply/release-store.ts'
import { createSuspensions } from './apply/suspension.ts'
import { createAskPeer } from './ask-peer.ts'
import { createDaemons, createKeepalivedDumper, createKeepalivedWatch, createUnits } from './daemon-parts.ts'
import { readOldWorkers } from './daemons/haproxy-processes.ts'
import { readHaproxyState } from './daemons/haproxy-state.ts'
import { watchFifo } from './daemons/watch-fifo.ts'
import { createEvents } from './event-parts.ts'
import { createDrains } from './health/drains.ts'
import { createMemory } from './health/memory.ts'
import { createTrackFiles } from './health/track-files.ts'
import { watchHealth } from './health/watch.ts'
import { ownAddresses } from './observe/addresses.ts'
import { watchDrift } from './observe/drift.ts'
import { observe } from './observe/observer.ts'
import { onDemand } from './observe/on-demand.ts'
import { watchOtherHolders } from './observe/other-holders.ts'
import { createVrrpStates } from './observe/vrrp-states.ts'
import { RUNTIME, statsSocketOf } from './render/render-target.ts'
import type { Secrets } from './secrets.ts'
import { createSource } from './source/source.ts'
import type { AgentConfig } from './spec/agent-config.ts'
import { createTroubles } from './troubles.ts'
import { createWords } from './words.ts'

// Twice a second: the damping of scores counts on it (see checkSpreadMs in render/expectation.ts).
const OBSERVE_EVERY_MS = 500
const FETCH_TIMEOUT_MS = 30_000
/** Counters that change slowly, looked at in the background while somebody asks. */
const PROCESSES = { everyMs: 10_000, staleAfterMs: 15_000 }
const SETTLED_MS = 3_000
/** keepalived writes a few lines into its log for each dump. */
const COUNTS = { everyMs: 60_000, staleAfterMs: 65_000 }

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
  const drains = createDrains(join(paths.state, 'drains.json'), now, ({ vip }) => {
    events.timeline.add({
      kind: 'drain',
      vips: vip === undefined ? [] : [vip],
      on: false,
      untilMs: null,
      reason: 'its time is over',
    })
    log.info({ about: 'drain', vip: vip ?? 'all' }, 'drain is over')
  })
  const suspensions = createSuspensions(join(paths.state, 'suspension.json'), {
    ...{ now, troubles },
    onEnd: () => {
      events.timeline.add({ kind: 'suspend', on: false, untilMs: null, reason: 'its time is over' })
      log.info({ about: 'suspension' }, 'resumed')
    },
  })
  const health = watchHealth({
    trackFiles,
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
  // Asked for where the release that runs listens, from the first probe on; while an apply was interrupted that is not
  // known, and the gate stays as it is until a reload has been confirmed.
  if ((await state.readJournal()) !== undefined) health.pause()
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
  const dump = createKeepalivedDumper(config, keepalived.state)
  const keepalivedCounts = onDemand({
    read: async () => {
      const state = keepalived.state()
      // One that has just been started has no handler for the signal yet, which would end it.
      if (state.kind === 'running' && state.ageMs < SETTLED_MS)
        return { kind: 'unavailable', reason: 'keepalived does not run for long enough' }
      const answer = await dump({ scripts: true })
      return answer.kind === 'instances' ? { kind: 'state', state: answer } : answer
    },
    // The counters of a keepalived that has ended or hangs tell nothing of the one that runs.
    stillTrue: ({ pid }) => {
      const state = keepalived.state()
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
      probeAt: health.probeAt,
      mendFifo: fifo.look,
    }),
    vrrp,
    troubles,
    drains,
    suspensions,
    timeline: events.timeline,
    health,
    haproxy,
    askPeer,
    others,
    keepalivedCounts,
    haproxyOldWorkers,
    drift,
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
      health.close()
      haproxy.close()
      others.close()
      suspensions.close()
      fifo.close()
      keepalived.close()
      units.haproxy.close()
      units.keepalived.close()
      await Promise.all([drift.close(), events.close()])
    },
  }
}
