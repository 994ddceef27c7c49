import type { Logger } from 'pino'
import type { StageRecord } from './apply/stage-record.ts'
import type { PassRecord, PassResult, PassRevision } from './pass-record.ts'
import type { Words } from './words.ts'

/** The record of one pass, as it is written. */
export type PassWriter = {
  add(record: StageRecord): void
  setRevision(revision: PassRevision): void
  /** From here on the pass ends with the release live, or rolled back: nothing holds it any more. */
  goesLive(release: string): void
  /** What the stage under way waits for that takes long; until it ends. */
  waits(reason: string): void
  /** Both daemons run the release; the confirm window is still open. */
  serving(release: string): void
  /** `finished`: the revision of an apply that a dead agent had begun. */
  end(result: PassResult, finished?: string): void
}

export type PassLog = {
  /** The release that is being put live right now. */
  goingLive(): string | undefined
  begin(onProgress: (event: unknown) => void): PassWriter
  /** The newest pass that did more than find nothing new. */
  lastTelling(): PassRecord | undefined
  /** The newest passes that came as far as a decision about a revision, newest first. */
  recent(): readonly PassRecord[]
  /** `steadyMs`: when it ended, by `performance.now()`; `okAt`: when one went well last, epoch ms. */
  lastFetch(): Fetch | undefined
  /** The newest revision of the branch that was fetched. */
  desired(): PassRevision | undefined
}

const MAX_RECENT = 5

type Fetch = { steadyMs: number; ok: boolean; detail: string; okAt: number | undefined }

/** Keeps what `status` shows of the passes, logs what changed, and tells a waiting `sync` how its pass goes on. */
export function createPassLog(
  now: () => number,
  words: Words,
  log: Logger,
  onEnd: (pass: PassRecord, finished: string | undefined) => void,
): PassLog {
  let telling: PassRecord | undefined
  let recent: readonly PassRecord[] = []
  let fetch: Fetch | undefined
  let desired: PassRevision | undefined
  let goingLive: string | undefined
  const keep = (pass: PassRecord): void => {
    telling = pass
    if (pass.stages.length <= 2 && pass.result.kind !== 'refused') return
    recent = [pass, ...recent.filter((other) => other.startedAtMs !== pass.startedAtMs)].slice(0, MAX_RECENT)
  }
  return {
    goingLive: () => goingLive,
    begin: (onProgress) => {
      let pass: PassRecord = {
        revision: null,
        startedAtMs: now(),
        endedAtMs: null,
        stages: [],
        result: { kind: 'running', waits: null },
      }
      const update = (change: Partial<PassRecord>): void => {
        pass = { ...pass, ...change }
        // Fetch and verify alone tell nothing new.
        if (pass.stages.length > 2) keep(pass)
      }
      return {
        add: (record) => {
          update({ stages: [...pass.stages, record], result: { kind: 'running', waits: null } })
          if (record.stage === 'fetch') {
            logFetch(log, record, fetch)
            const isOk = record.outcome === 'ok'
            const okAt = isOk ? now() : fetch?.okAt
            fetch = { steadyMs: performance.now(), ok: isOk, detail: record.detail, okAt }
          }
          onProgress(record)
          log.debug(record, 'stage ended')
        },
        setRevision: (found) => {
          const revision = words(found)
          desired = revision
          update({ revision })
        },
        goesLive: (release) => {
          goingLive = release
        },
        waits: (reason) => {
          const waits = words(reason)
          update({ result: { kind: 'running', waits } })
          onProgress({ waiting: waits })
        },
        serving: (release) => onProgress({ serving: release }),
        end: (ended, finished) => {
          const result = words(ended)
          goingLive = undefined
          update({ endedAtMs: now(), result })
          onEnd(pass, finished)
          const known =
            telling?.revision?.sha === pass.revision?.sha &&
            telling !== undefined &&
            telling.startedAtMs < pass.startedAtMs
          // A revision that was rejected is refused again and again, and one that must wait waits again and again: its first
          // pass is the one with the reasons.
          const repeats = (result.kind === 'refused' || result.kind === 'suspended') && known
          if (result.kind === 'unchanged' ? isOver(telling?.result) : !repeats) keep(pass)
          onProgress({ result, revision: pass.revision })
          if (!repeats) logResult(log, result, pass)
        },
      }
    },
    lastTelling: () => telling,
    recent: () => recent,
    lastFetch: () => fetch,
    desired: () => desired,
  }
}

/** That the repository cannot be read is logged at every try, so that the log counts them; that it can be read, once. */
function logFetch(log: Logger, { outcome, detail }: StageRecord, before: Fetch | undefined): void {
  const about = 'repository'
  if (outcome === 'failed') log.warn({ about, reason: detail }, 'the repository cannot be read')
  else if (before?.ok === false) log.info({ about }, 'the repository can be read again')
}

function logResult(log: Logger, result: PassResult, { revision }: PassRecord): void {
  const fields = { about: 'release', revision: revision?.sha }
  switch (result.kind) {
    case 'applied':
      log.info({ ...fields, release: result.release }, 'applied release')
      break
    case 'stuck':
      log.error(
        { ...fields, stage: result.stage, reason: result.reason },
        'neither the new release nor the old one could be proven',
      )
      break
    case 'refused':
      log.warn({ ...fields, reason: result.reason }, 'revision refused')
      break
    case 'suspended':
      log.info({ ...fields, reason: result.reason }, 'revision waits')
      break
    case 'failed':
      // The fetch has told already, and so has what catches a mistake of ours.
      if (result.stage !== 'fetch' && result.stage !== 'agent')
        log.warn({ ...fields, stage: result.stage, reason: result.reason }, 'pass failed')
      break
    case 'interrupted':
      log.info(fields, 'pass interrupted')
      break
    // What rejects a revision has told why.
    case 'rejected':
    case 'unchanged':
    case 'running':
      break
    default:
      result satisfies never
  }
}

/** A pass that found nothing to do ends these: the repository can be read again, or its branch is back at what runs. */
function isOver(result: PassResult | undefined): boolean {
  switch (result?.kind) {
    case 'failed':
    case 'refused':
    case 'suspended':
    case 'rejected':
      return true
    default:
      return false
  }
}
