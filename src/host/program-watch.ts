import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Troubles } from '../troubles.ts'

/** What the program on the disk says when it is asked to try itself: its version, or why it cannot run here. */
export type Trial = { kind: 'fit'; version: string } | { kind: 'unfit'; reason: string }

export type ProgramWatch = {
  /** The version on the disk, when it is another one than runs and is fit to. */
  onDisk(): string | undefined
  /** The same once that is sure: it can take over. */
  successor(): string | undefined
  close(): void
}

export type ProgramWatchOptions = {
  /** What belongs to the program: it is another one when any of them is. */
  files: readonly string[]
  /** The version that runs. */
  running: string
  /** Has a deadline of its own. */
  tryOut(): Promise<Trial>
  /** Called at every look while another version can take over. */
  onSuccessor(): void
  troubles: Pick<Troubles, 'raise' | 'clear'>
  log: Logger
  lookEveryMs?: number
}

const LOOK_EVERY_MS = 2_000
/** What keeps a program from running may be mended elsewhere, such as in agent.yaml. */
const TRY_AGAIN_AFTER_LOOKS = 30
const TROUBLE = 'program'

/**
 * Notices that a package, an extension or a person has put another version in the place of the program that runs. Half of
 * one is not taken: its files must have stayed the same from one look to the next, and it must say the same twice.
 */
export function watchProgram(options: ProgramWatchOptions): ProgramWatch {
  const { running, troubles, log, lookEveryMs = LOOK_EVERY_MS } = options
  const ending = new AbortController()
  let settled = identityOf(options.files)
  let seen = settled
  let said: Trial | undefined
  let other: string | undefined
  let looksUntilNextTry = Number.POSITIVE_INFINITY

  const look = async (): Promise<void> => {
    const identity = identityOf(options.files)
    const isAsBefore = identity === seen
    seen = identity
    if (!isAsBefore) {
      said = undefined
      return
    }
    looksUntilNextTry -= 1
    if (identity === settled && looksUntilNextTry > 0) return
    const trial = await options.tryOut()
    if (identityOf(options.files) !== identity) return
    const isSure = said !== undefined && wordOf(said) === wordOf(trial)
    said = trial
    if (!isSure) return
    said = undefined
    settled = identity
    conclude(trial)
  }
  const otherOf = (trial: Trial): string | undefined =>
    trial.kind === 'unfit' || trial.version === running ? undefined : trial.version
  const conclude = (trial: Trial): void => {
    looksUntilNextTry = trial.kind === 'unfit' ? TRY_AGAIN_AFTER_LOOKS : Number.POSITIVE_INFINITY
    other = otherOf(trial)
    if (trial.kind === 'unfit') {
      const text = `the program on the disk is another one and cannot take over: ${trial.reason}; lb-agent ${running} goes on, but could not be started again: install it anew`
      troubles.raise(TROUBLE, text)
      log.error({ about: 'program', reason: trial.reason }, 'the program on the disk cannot take over')
      return
    }
    troubles.clear(TROUBLE)
    if (other !== undefined) log.info({ about: 'program', from: running, to: other }, 'another version is on the disk')
  }
  /** Also in the last moment before it takes over: what was tried must still be what is there. */
  const successor = (): string | undefined => (identityOf(options.files) === settled ? other : undefined)

  const loop = async (): Promise<void> => {
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal: ending.signal, ref: false })
      await look()
      if (successor() !== undefined) options.onSuccessor()
    }
  }
  loop().catch((error: Error) => {
    if (!ending.signal.aborted) log.error({ about: 'program', err: error }, 'the program is not watched any more')
  })
  return {
    onDisk: () => (said === undefined ? other : otherOf(said)),
    successor,
    close: () => ending.abort(),
  }
}

function wordOf(trial: Trial): string {
  return trial.kind === 'fit' ? `version ${trial.version}` : `unfit ${trial.reason}`
}

function identityOf(files: readonly string[]): string {
  return files.map(identityOfFile).join('\n')
}

function identityOfFile(file: string): string {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(file)
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ')
  } catch (error) {
    return (error as Error).message
  }
}
