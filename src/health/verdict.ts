/**
 * Can HAProxy on this node serve? A pure state machine over what the probe saw; time comes in as an argument.
 * `serving` is what the gate says.
 */
export type Verdict = {
  serving: boolean
  /** Why, in the words of `status`. */
  reason: string
  sinceMs: number
  /** Misses in a row while serving, answers in a row while not. */
  streak: number
}

export type ProbeEvent =
  | { kind: 'answered' }
  /** Nobody listens: the kernel itself says so. */
  | { kind: 'refused'; reason: string }
  /** No answer in time, or a wrong one. */
  | { kind: 'missed'; reason: string }

export type Thresholds = { fall: number; rise: number }

/** An agent that starts adopts what the gate file says: its own start must not move a VIP. */
export function adoptedVerdict(serving: boolean, nowMs: number): Verdict {
  return {
    serving,
    reason: serving ? 'adopted from the gate file' : 'HAProxy has not answered yet',
    sinceMs: nowMs,
    streak: 0,
  }
}

/** The verdict after one more event. A refused connection closes the gate at once; a missed answer after `fall` of them. */
export function nextVerdict(verdict: Verdict, event: ProbeEvent, thresholds: Thresholds, nowMs: number): Verdict {
  switch (event.kind) {
    case 'answered':
      if (verdict.serving) return { ...verdict, streak: 0, reason: 'HAProxy answers' }
      return verdict.streak + 1 >= thresholds.rise
        ? { serving: true, reason: 'HAProxy answers', sinceMs: nowMs, streak: 0 }
        : { ...verdict, streak: verdict.streak + 1 }
    case 'refused':
      return closed(verdict, event.reason, nowMs)
    case 'missed':
      if (!verdict.serving) return closed(verdict, event.reason, nowMs)
      return verdict.streak + 1 >= thresholds.fall
        ? closed(verdict, event.reason, nowMs)
        : { ...verdict, streak: verdict.streak + 1 }
    default:
      return event satisfies never
  }
}

function closed(verdict: Verdict, reason: string, nowMs: number): Verdict {
  return { serving: false, reason, sinceMs: verdict.serving ? nowMs : verdict.sinceMs, streak: 0 }
}
