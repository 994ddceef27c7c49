import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Outcome, Unit, UnitName, UnitState } from './unit.ts'
import { watchPid } from './watch-pid.ts'

const SYSTEMCTL_TIMEOUT_MS = 15_000

/** A daemon that is the distribution's systemd unit: reloaded through polkit, never signalled. */
export function createSystemdUnit(options: {
  name: UnitName
  pidFile: string
  /** Told of every start, and of every end that this agent did not ask for: a restart by hand as well. */
  onEvent(what: 'died' | 'started', reason: string): void
}): Unit {
  const { name } = options
  // systemd starts a killed keepalived again after 100 ms, and that one may be MASTER some 300 ms later.
  let hasDied = false
  const watch = watchPid({
    pidFile: options.pidFile,
    comm: name,
    onEvent: (what) => {
      if (what === 'died') options.onEvent(what, `it has ended; journalctl -u ${name} says why`)
      else options.onEvent(what, hasDied ? 'after it died' : '')
      hasDied = what === 'died'
    },
  })
  const systemctl = async (verb: string, signal: AbortSignal): Promise<Outcome> => {
    const result = await exec('systemctl', [verb, '--no-ask-password', `${name}.service`], {
      timeoutMs: SYSTEMCTL_TIMEOUT_MS,
      signal,
    })
    if (succeeded(result)) return { kind: 'done' }
    return { kind: 'failed', reason: `systemctl ${verb} ${name}.service: ${describeFailure(result)}` }
  }
  return {
    name,
    state: (): UnitState => {
      const pid = watch.pid()
      if (pid !== undefined) return { kind: 'running', pid }
      return { kind: 'stopped', reason: `systemctl status ${name}.service says why` }
    },
    // Debian's keepalived.service is skipped while its file is empty, and a reload of an inactive unit fails: hence -or-restart.
    reloadOrStart: (signal) => systemctl('reload-or-restart', signal),
    stop: (signal) => {
      watch.expectEnd()
      return systemctl('stop', signal)
    },
    // Its unit has Restart=always.
    insist: () => undefined,
    // The journal is not the agent's to read; the daemon's own check has printed what matters.
    mark: () => 0,
    printedSince: () => '',
    close: watch.close,
  }
}
