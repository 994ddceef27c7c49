import type { Logger } from 'pino'
import type { Expectation } from '../render/expectation.ts'
import { startProbe } from './probe.ts'
import { type Score, type ServiceHealth, scoresOf } from './score.ts'
import type { TrackFiles } from './track-files.ts'
import { adoptedVerdict, nextVerdict, type ProbeEvent, type Thresholds, type Verdict } from './verdict.ts'

export type HealthWatch = {
  /** What the applied release wants looked after. Only the first call also says where HAProxy is asked. */
  expect(expectation: Expectation): void
  /** The verdict stays as it is until `probeAt`: a reload moves the health listener to another port. */
  pause(): void
  probeAt(port: number): void
  /** Servers as HAProxy last said; undefined while it cannot be asked. */
  setServers(servers: readonly { backend: string; up: boolean }[] | undefined): void
  verdict(): Verdict
  scores(): readonly Score[]
  /** When the last look at HAProxy ended, epoch ms; 0 before the first. */
  lookedAtMs(): number
  close(): void
}

export type HealthOptions = {
  trackFiles: TrackFiles
  thresholds: Thresholds
  everyMs: number
  timeoutMs: number
  holdDownMs: number
  now(): number
  log: Logger
  onVerdict(verdict: Verdict): void
  onChange(change: Score & { before: number | undefined }): void
}

const DEFAULT_HEALTH_PORT = 8405

/**
 * probe -> verdict -> gate and score files. Its end changes nothing: the files keep their last value, and the next agent
 * adopts them.
 */
export function watchHealth(options: HealthOptions): HealthWatch {
  const { trackFiles, log, now } = options
  let verdict = adoptedVerdict(trackFiles.readGate() ?? false, now())
  let expectation: Expectation | undefined
  let servers: readonly { backend: string; up: boolean }[] | undefined
  let scores: readonly Score[] = []
  let heldDownUntilMs = 0
  let holdDownTimer: NodeJS.Timeout | undefined
  // Only a node that has lost its VIPs by a closed gate waits before it takes them back; one that starts does not.
  let lostService = false
  let lookedAtMs = 0
  let beatAtMs = 0
  let paused = false
  // A gate that nobody wrote yet must exist before keepalived starts, and it must be closed.
  if (trackFiles.readGate() === undefined) trackFiles.writeGate(false)

  // A full or lost /run must not end the agent: what could not be written is written at the next look.
  const guarded = (write: () => void): void => {
    try {
      write()
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'gate or score could not be written')
    }
  }

  const onEvent = (event: ProbeEvent): void => guarded(() => look(event))

  const look = (event: ProbeEvent): void => {
    lookedAtMs = now()
    const before = verdict
    if (!paused) verdict = nextVerdict(verdict, event, options.thresholds, lookedAtMs)
    if (verdict.serving !== before.serving) onChange(before)
    if (Math.abs(lookedAtMs - beatAtMs) >= 1000) {
      beatAtMs = lookedAtMs
      if (trackFiles.readGate() !== verdict.serving) trackFiles.writeGate(verdict.serving)
      trackFiles.beat(beatAtMs)
    }
  }

  const onChange = (before: Verdict): void => {
    if (before.serving) lostService = true
    if (verdict.serving && lostService) holdDown()
    // The score goes down before the gate opens, else the VIP would come back for a moment.
    if (verdict.serving) updateScores()
    trackFiles.writeGate(verdict.serving)
    trackFiles.beat(lookedAtMs)
    options.onVerdict(verdict)
  }

  const holdDown = (): void => {
    heldDownUntilMs = performance.now() + options.holdDownMs
    clearTimeout(holdDownTimer)
    holdDownTimer = setTimeout(() => guarded(updateScores), options.holdDownMs + 1)
  }

  const updateScores = (): void => {
    if (expectation === undefined) return
    const leftMs = heldDownUntilMs - performance.now()
    const held = leftMs > 0 ? `held down for ${Math.ceil(leftMs / 1000)} s after a recovery` : undefined
    // Between `expect` and the reload HAProxy does not have a new service yet: that is no outage, and must move no VIP.
    const services = expectation.services.flatMap(({ name, vip, backend }): ServiceHealth[] => {
      const mine = servers?.filter((server) => server.backend === backend) ?? []
      return mine.length === 0 ? [] : [{ name, vip, serversUp: mine.filter(({ up }) => up).length }]
    })
    const computed = scoresOf(
      expectation.vips.map(({ name }) => name),
      servers === undefined ? undefined : services,
      held,
    )
    scores = computed.map((score) => {
      const written = trackFiles.readScore(score.vip)
      // Before HAProxy has been asked, an adopted score stays as it is.
      if (servers === undefined && held === undefined && written !== undefined) {
        return { vip: score.vip, score: written, reason: 'adopted, its servers are not known yet' }
      }
      if (written !== score.score) {
        trackFiles.writeScore(score.vip, score.score)
        options.onChange({ ...score, before: written })
      }
      return score
    })
  }

  const probe = startProbe({
    port: DEFAULT_HEALTH_PORT,
    everyMs: options.everyMs,
    timeoutMs: options.timeoutMs,
    onEvent,
  })
  return {
    expect: (next) => {
      if (expectation === undefined) probe.setPort(next.healthPort)
      expectation = next
      guarded(updateScores)
    },
    pause: () => {
      paused = true
    },
    probeAt: (port) => {
      paused = false
      probe.setPort(port)
    },
    setServers: (next) => {
      servers = next
      guarded(updateScores)
    },
    verdict: () => verdict,
    scores: () => scores,
    lookedAtMs: () => lookedAtMs,
    close: () => {
      probe.close()
      clearTimeout(holdDownTimer)
    },
  }
}
