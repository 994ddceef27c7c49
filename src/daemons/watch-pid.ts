import { isDaemon, livingPid, livingPidAtStart } from './pid-file.ts'

export type PidWatch = {
  /** The next end was asked for: it is no death. */
  expectEnd(): void
  close(): void
}

const LOOK_EVERY_MS = 100

/**
 * Tells when a daemon that somebody else supervises has ended and when a new one runs. The one that runs at the beginning
 * is known, not told. A reload keeps the pid, also while HAProxy has emptied its pid file: no death.
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
    if (known !== undefined && !isDaemon(known, comm)) {
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
    expectEnd: () => {
      endIsExpected = true
    },
    close: () => clearInterval(looking),
  }
}
