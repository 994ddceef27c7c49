import { livingPid, livingPidAtStart, lookAtDaemon, runningPid } from './pid-file.ts'

export type PidWatch = {
  /** Of the daemon that runs, looked at now. One that was seen to run does so until its end is seen. */
  pid(): number | undefined
  /** The next end was asked for: it is no death. */
  expectEnd(): void
  close(): void
}

const LOOK_EVERY_MS = 100

/**
 * Tells when a daemon that somebody else supervises has ended and when a new one runs. The one that runs at the beginning
 * is known, not told. A reload keeps the pid, also while HAProxy has emptied its pid file: no death. What cannot
 * be looked at (no descriptors, a hidden /proc) is none either: the gate would be closed, or VIPs held back, for nothing.
 */
export function watchPid(options: {
  pidFile: string
  comm: string
  onEvent(what: 'died' | 'started'): void
}): PidWatch {
  const { pidFile, comm } = options
  let known = livingPidAtStart(pidFile, comm)
  let endIsExpected = false
  const look = (): void => {
    if (known !== undefined && lookAtDaemon(known, comm).kind === 'ended') {
      known = undefined
      if (!endIsExpected) options.onEvent('died')
      endIsExpected = false
    }
    if (known !== undefined) return
    known = livingPid(pidFile, comm)
    if (known === undefined) return
    endIsExpected = false
    options.onEvent('started')
  }
  const looking = setInterval(look, LOOK_EVERY_MS)
  looking.unref()
  return {
    pid: () => runningPid(pidFile, comm, known),
    expectEnd: () => {
      endIsExpected = true
    },
    close: () => clearInterval(looking),
  }
}
