import type { TrackFiles } from './track-files.ts'
import { adoptedVerdict, nextVerdict, type ProbeEvent, type Thresholds, type Verdict } from './verdict.ts'

export type Gate = {
  verdict(): Verdict
  /** Since the last look at HAProxy ended; undefined before the first. */
  lookAgeMs(): number | undefined
  /** Throws when the gate file cannot be written; the next look tries again. */
  look(event: ProbeEvent): void
}

export type GateOptions = {
  trackFiles: TrackFiles
  thresholds: Thresholds
  now(): number
  /** Before the file says so: HAProxy serves again, and the scores must be down before the gate opens. */
  beforeOpening(): void
  onChange(verdict: Verdict): void
}

const BEAT_EVERY_MS = 500

/** What the probe sees -> verdict -> gate file and heartbeat. A gate that nobody wrote yet exists from here on, closed. */
export function createGate(options: GateOptions): Gate {
  const { trackFiles, now } = options
  let verdict = adoptedVerdict(trackFiles.readGate() ?? false, now())
  let lookedAt: number | undefined
  let beatAt = Number.NEGATIVE_INFINITY
  try {
    if (trackFiles.readGate() === undefined) trackFiles.writeGate(false)
  } catch {
    // The first look tries again and tells.
  }

  return {
    verdict: () => verdict,
    lookAgeMs: () => (lookedAt === undefined ? undefined : Math.round(performance.now() - lookedAt)),
    look: (event) => {
      const nowMs = now()
      lookedAt = performance.now()
      const before = verdict
      verdict = nextVerdict(verdict, event, options.thresholds, nowMs)
      const changed = verdict.serving !== before.serving
      const isDue = performance.now() - beatAt >= BEAT_EVERY_MS
      if (!changed && !isDue) return
      try {
        if (changed && verdict.serving) options.beforeOpening()
      } finally {
        try {
          // Also a file that somebody else wrote, or that could not be written before, is put right here.
          if (trackFiles.readGate() !== verdict.serving) trackFiles.writeGate(verdict.serving)
        } finally {
          // However the write went: keepalived's own check acts on it, too, and this is told only once.
          if (changed) options.onChange(verdict)
        }
      }
      // Only while the gate says what was seen: without a fresh beat keepalived's script asks HAProxy itself.
      trackFiles.beat()
      beatAt = performance.now()
    },
  }
}
