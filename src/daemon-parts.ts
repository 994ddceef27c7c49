import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Daemon, Outcome } from './apply/apply-release.ts'
import { createHaproxyConfirmer } from './daemons/confirm-haproxy.ts'
import { createKeepalivedConfirmer, type KeepalivedProofs } from './daemons/confirm-keepalived.ts'
import { createEmbeddedUnit } from './daemons/embedded-unit.ts'
import { createDumper, type Dumper } from './daemons/keepalived-dump.ts'
import { clearServerStates, keepServerStates } from './daemons/server-states.ts'
import { createSystemdUnit } from './daemons/systemd-unit.ts'
import type { Unit, UnitName } from './daemons/unit.ts'
import { type KeepalivedState, type KeepalivedWatch, watchKeepalived } from './daemons/watch-keepalived.ts'
import { RUNTIME, SERVER_STATE_FILE, statsSocketOf } from './render/render-target.ts'
import type { AgentConfig } from './spec/agent-config.ts'

export type Units = { haproxy: Unit; keepalived: Unit }

/** The two daemons as `supervisor` says: the distribution's units, or children of the agent that outlive it. */
export function createUnits(
  config: AgentConfig,
  log: Logger,
  onEvent: (unit: UnitName, what: 'died' | 'started', reason: string) => void,
): Units {
  if (config.supervisor === 'systemd') {
    const unit = (name: UnitName, pidFile: string): Unit =>
      createSystemdUnit({
        name,
        pidFile,
        onEvent: (what, reason) => {
          if (what === 'died') log.warn({ about: name, reason }, 'daemon died')
          else log.info({ about: name, reason }, 'daemon started')
          onEvent(name, what, reason)
        },
      })
    return {
      haproxy: unit('haproxy', config.haproxy.pidFile),
      keepalived: unit('keepalived', '/run/keepalived.pid'),
    }
  }
  const { runtime, state } = config.paths
  const haproxyPid = join(runtime, 'haproxy.pid')
  const keepalivedPid = join(runtime, 'keepalived.pid')
  const [vrrpPid, checkersPid] = [join(runtime, 'keepalived-vrrp.pid'), join(runtime, 'keepalived-check.pid')]
  const masterSocket = `${join(runtime, RUNTIME.masterSocket)},mode,600`
  return {
    haproxy: createEmbeddedUnit({
      name: 'haproxy',
      binary: config.haproxy.binary,
      args: ['-W', '-f', config.paths.haproxyConfig, '-p', haproxyPid, '-S', masterSocket],
      pidFile: haproxyPid,
      childPidFiles: [],
      logFile: join(state, 'haproxy.log'),
      reloadSignal: 'SIGUSR2',
      // First without new connections, then whatever is still open.
      stopSignals: ['SIGUSR1', 'SIGTERM'],
      log,
      onEvent: (what, reason) => onEvent('haproxy', what, reason),
    }),
    keepalived: createEmbeddedUnit({
      name: 'keepalived',
      binary: config.keepalived.binary,
      args: [
        ...['--dont-fork', '--log-console', '--log-detail', '--no-syslog', '--vrrp', '--release-vips'],
        ...['--use-file', config.paths.keepalivedConfig, '--pid', keepalivedPid],
        ...['--vrrp_pid', vrrpPid, '--checkers_pid', checkersPid],
      ],
      pidFile: keepalivedPid,
      childPidFiles: [vrrpPid, checkersPid],
      logFile: join(state, 'keepalived.log'),
      // keepalived writes its dump where TMPDIR says.
      env: { TMPDIR: runtime },
      reloadSignal: 'SIGHUP',
      stopSignals: ['SIGTERM'],
      log,
      onEvent: (what, reason) => onEvent('keepalived', what, reason),
    }),
  }
}

/** Watches whether keepalived hangs, and logs it. */
export function createKeepalivedWatch(
  unit: Pick<Unit, 'state'>,
  log: Logger,
  onEvent: (what: 'hangs' | 'goes on', reason: string) => void,
): KeepalivedWatch {
  return watchKeepalived({
    unit,
    onEvent: (what, reason) => {
      if (what === 'hangs') log.warn({ about: 'keepalived', reason }, 'daemon hangs')
      else log.info({ about: 'keepalived' }, 'daemon goes on')
      onEvent(what, reason)
    },
  })
}

/** Asks keepalived what it runs. */
export function createKeepalivedDumper(config: AgentConfig, keepalived: () => KeepalivedState): Dumper {
  return createDumper({ binary: config.keepalived.binary, configFile: config.paths.keepalivedConfig, keepalived })
}

/** The units with their proofs: what applying a release needs of each daemon. */
export function createDaemons(
  config: AgentConfig,
  units: Units,
  seen: Pick<KeepalivedProofs, 'keepalived' | 'reports' | 'holds' | 'dump'> & {
    gateIsOpen(): boolean
    mayListenAt(port: number): void
    listensAt(port: number): void
    /** Makes sure that keepalived finds its FIFO. */
    mendFifo(): Promise<void>
  },
): { haproxy: Daemon; keepalived: Daemon } {
  const { runtime, state } = config.paths
  const timeoutMs = config.apply.reloadTimeoutMs
  const stats = statsSocketOf(config)
  const serverStates = join(state, SERVER_STATE_FILE)
  const haproxy = createHaproxyConfirmer(units.haproxy, { stats, master: join(runtime, RUNTIME.masterSocket) })
  const keepalived = createKeepalivedConfirmer({
    unit: units.keepalived,
    keepalived: seen.keepalived,
    reports: seen.reports,
    holds: seen.holds,
    dump: seen.dump,
  })
  return {
    haproxy: {
      prepare: async (release) => {
        seen.mayListenAt(release.expectation.healthPort)
        await keepServerStates(stats, config.paths.haproxyConfig, serverStates)
        await haproxy.prepare()
      },
      reloadOrStart: units.haproxy.reloadOrStart,
      // A hand-written file carries no release id: that HAProxy runs is all that can be said of it.
      confirm: async (release, signal) => {
        if (release.foreign) {
          await haproxy.settle(signal)
          return { kind: 'done' }
        }
        const endsAt = performance.now() + timeoutMs
        const outcome = await haproxy.confirm(release.id, timeoutMs, signal)
        await clearServerStates(serverStates)
        if (outcome.kind === 'failed') return outcome
        seen.listensAt(release.expectation.healthPort)
        return await gateOpens(seen.gateIsOpen, Math.max(1_000, endsAt - performance.now()), signal)
      },
      stop: units.haproxy.stop,
    },
    keepalived: {
      prepare: async () => {
        await seen.mendFifo()
        keepalived.prepare()
      },
      reloadOrStart: units.keepalived.reloadOrStart,
      confirm: async (release, signal) =>
        release.foreign ? { kind: 'done' } : keepalived.confirm(release.expectation.vips, timeoutMs, signal),
      stop: units.keepalived.stop,
    },
  }
}

/** A keepalived that starts behind a closed gate starts in FAULT, so a first HAProxy must have answered its probes before. */
async function gateOpens(isOpen: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  const deadline = performance.now() + timeoutMs
  while (!isOpen()) {
    if (signal.aborted || performance.now() > deadline) {
      return {
        kind: 'failed',
        reason: `haproxy runs the release, but does not answer /alive within ${Math.round(timeoutMs)} ms`,
      }
    }
    await sleep(10)
  }
  return { kind: 'done' }
}
