import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { CLEAN_ENV } from '../exec.ts'
import { signalAll, withChildren } from '../processes.ts'
import { commOf, livingPidAtStart, lookAtPidFile, runningPid } from './pid-file.ts'
import type { Outcome, Unit, UnitName, UnitState } from './unit.ts'
import { whatItSaid } from './what-it-said.ts'

export type EmbeddedOptions = {
  name: UnitName
  binary: string
  args: readonly string[]
  /** Written by the daemon itself, so that a successor of this agent finds it (`-p`). */
  pidFile: string
  /** Pid files of its own children. One that is left of a dead process keeps keepalived from starting until init reaps it. */
  childPidFiles: readonly string[]
  logFile: string
  env?: Readonly<Record<string, string>>
  reloadSignal: NodeJS.Signals
  /** One after the other, each given a few seconds; SIGKILL is what is left after them. */
  stopSignals: readonly NodeJS.Signals[]
  log: Logger
  /** Told of every start, and of every death that nobody asked for. */
  onEvent(what: 'died' | 'started', reason: string): void
}

const LOOK_EVERY_MS = 100
const LOOK_AT_CHILD_EVERY_MS = 1_000
const BOUND_LOG_EVERY_MS = 5_000
/** The first restart: what a death means for the VIPs comes first, and a start takes processor time from it. */
const FIRST_RESTART_DELAY_MS = 50
const MAX_RESTART_DELAY_MS = 5_000
/** A daemon that lived this long starts its next series of restarts without delay. */
const SETTLED_AFTER_MS = 10_000
const MAX_LOG_BYTES = 8 * 1024 * 1024
const STOP_TIMEOUT_MS = 5_000
const EARLY_END_MS = 150

/**
 * A daemon that the agent starts itself (containers, the drill, a laptop). It outlives the agent: a successor adopts it
 * by its pid file. One that dies is started again, at once the first time, then with a growing delay.
 */
export function createEmbeddedUnit(options: EmbeddedOptions): Unit {
  const { name, log } = options
  const comm = commOf(options.binary)
  let known = livingPidAtStart(options.pidFile, comm)
  let wanted = known !== undefined
  let child: ChildProcess | undefined
  let lastExit = wanted ? 'ended, how is not known: another agent had started it' : 'not started'
  let restarts = 0
  let startedAtMs = 0
  let watchedStart = false
  let restartTimer: NodeJS.Timeout | undefined
  if (wanted) log.info({ about: name, pid: known }, 'adopted running daemon')

  const pid = (): number | undefined => {
    const ours = child?.pid !== undefined && child.exitCode === null && child.signalCode === null
    known = ours ? child?.pid : runningPid(options.pidFile, comm, known)
    return known
  }

  /** False when it could not even be tried: no descriptor is left, the disk of its log is full. `lastExit` says why. */
  const start = (): boolean => {
    startedAtMs = performance.now()
    wanted = true
    try {
      spawnDaemon()
      return true
    } catch (error) {
      lastExit = `could not be started: ${(error as Error).message}`
      return false
    }
  }

  const spawnDaemon = (): void => {
    for (const file of [options.pidFile, ...options.childPidFiles])
      if (lookAtPidFile(file, comm).kind === 'ended') rmSync(file, { force: true })
    mkdirSync(dirname(options.logFile), { recursive: true })
    const output = openSync(options.logFile, 'a', 0o640)
    try {
      const started = spawn(options.binary, options.args, {
        detached: true,
        stdio: ['ignore', output, output],
        env: { ...CLEAN_ENV, ...options.env },
      })
      child = started
      watchChild(started)
    } finally {
      closeSync(output)
    }
  }

  const watchChild = (started: ChildProcess): void => {
    const onEnd = (how: string): void => {
      lastExit = how
      if (child === started) child = undefined
      if (known === started.pid) known = undefined
      restartIfWanted()
    }
    started.on('error', (error) => {
      if (started.pid === undefined) onEnd(`could not be started: ${error.message}`)
    })
    started.on('exit', (code, signal) => onEnd(signal === null ? `ended with exit code ${code}` : `ended by ${signal}`))
    if (started.pid === undefined) return
    started.unref()
    options.onEvent('started', restarts === 0 ? '' : 'after it died')
    log.info({ about: name }, 'daemon started')
  }

  const restartIfWanted = (): void => {
    if (!wanted || watchedStart || restartTimer !== undefined || pid() !== undefined) return
    if (performance.now() - startedAtMs > SETTLED_AFTER_MS) restarts = 0
    const delayMs = Math.min(MAX_RESTART_DELAY_MS, FIRST_RESTART_DELAY_MS * 2 ** restarts)
    restarts += 1
    options.onEvent('died', lastExit)
    log.warn({ about: name, reason: lastExit, delayMs }, 'daemon died, starting it again')
    restartTimer = setTimeout(() => {
      restartTimer = undefined
      if (wanted && pid() === undefined) start()
    }, delayMs)
  }

  /** A daemon that refuses its file or its ports ends at once; then there is nothing to start again. */
  const earlyEnd = async (mark: number): Promise<Outcome> => {
    const started = child
    const deadline = performance.now() + EARLY_END_MS
    watchedStart = true
    while (child === started && performance.now() < deadline) await sleep(10)
    watchedStart = false
    if (child === started) return { kind: 'done' }
    if (started?.pid === undefined) return failedStart('')
    return failedStart(` at its start: ${whatItSaid(readFrom(options.logFile, mark))}`)
  }

  const failedStart = (more: string): Outcome => {
    wanted = false
    return { kind: 'failed', reason: `${name} ${lastExit}${more}` }
  }

  // An adopted daemon is not our child: nobody tells us of its end.
  const look = (): void => {
    restartIfWanted()
    looking = setTimeout(look, child === undefined ? LOOK_EVERY_MS : LOOK_AT_CHILD_EVERY_MS)
    looking.unref()
  }
  let looking: NodeJS.Timeout | undefined
  look()
  const bounding = setInterval(() => boundLog(options.logFile), BOUND_LOG_EVERY_MS)
  bounding.unref()

  return {
    name,
    state: (): UnitState => {
      const running = pid()
      return running === undefined ? { kind: 'stopped', reason: lastExit } : { kind: 'running', pid: running }
    },
    reloadOrStart: async (): Promise<Outcome> => {
      const running = pid()
      if (running === undefined) {
        clearTimeout(restartTimer)
        restartTimer = undefined
        const mark = logSize(options.logFile)
        return start() ? earlyEnd(mark) : failedStart('')
      }
      wanted = true
      process.kill(running, options.reloadSignal)
      return { kind: 'done' }
    },
    stop: async (signal): Promise<Outcome> => {
      wanted = false
      clearTimeout(restartTimer)
      restartTimer = undefined
      const running = pid()
      if (running === undefined) return { kind: 'done' }
      for (const stopSignal of options.stopSignals) {
        const all = withChildren(running)
        process.kill(running, stopSignal)
        // One that was stopped (SIGSTOP) cannot give its VIPs away before it goes on.
        signalAll(all, 'SIGCONT')
        const deadline = performance.now() + STOP_TIMEOUT_MS
        while (performance.now() < deadline && !signal.aborted) {
          if (pid() === undefined) return { kind: 'done' }
          await sleep(20)
        }
      }
      signalAll(withChildren(running), 'SIGKILL')
      return { kind: 'failed', reason: `${name} did not end by ${options.stopSignals.join(' and ')} and was killed` }
    },
    insist: () => {
      wanted = true
    },
    mark: () => logSize(options.logFile),
    printedSince: (mark) => readFrom(options.logFile, mark),
    close: () => {
      clearTimeout(looking)
      clearInterval(bounding)
      clearTimeout(restartTimer)
      wanted = false
    },
  }
}

function logSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** A log that was cut since the mark is read from its beginning. */
function readFrom(file: string, mark: number): string {
  try {
    const handle = openSync(file, 'r')
    try {
      const { size } = fstatSync(handle)
      const start = mark > size ? 0 : mark
      const bytes = Buffer.alloc(size - start)
      return bytes.toString('utf8', 0, readSync(handle, bytes, 0, bytes.length, start))
    } finally {
      closeSync(handle)
    }
  } catch {
    return ''
  }
}

/** The daemons append, so their next line after a cut goes to the new end of the file. What fails is tried again soon. */
function boundLog(file: string): void {
  try {
    if (logSize(file) > MAX_LOG_BYTES) truncateSync(file)
  } catch {
    // Such as no descriptors.
  }
}
