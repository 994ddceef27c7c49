import type { Router, Term } from './model.ts'

/**
 * How long a BACKUP waits, at most, in the words of a person. `masterMs`: the interval of the MASTER that it has heard last, which
 * an instance of VRRPv3 takes over (RFC 5798 §6.1, Master_Adver_Interval). Milliseconds are rounded up.
 */
export function skewTerm({ version }: Router, priority: number, masterMs: number): Term {
  // VRRP_TIMER_SKEW of keepalived 2.2.7: RFC 5798 §6.1, and in VRRPv2 parts of a second whatever the interval is (RFC 3768 §6.1).
  const ms = Math.ceil(((256 - priority) / 256) * (version === 3 ? masterMs : 1_000))
  return { what: `skew of ${priority}`, ms }
}

/** From the last advert on: VRRP_MS_DOWN_TIMER, RFC 5798 §6.1 Master_Down_Interval with `vrrp_down_timer_adverts` for its 3. */
export function downTerms(router: Router, priority: number, masterMs: number): Term[] {
  const { downTimerAdverts: adverts } = router
  return [
    { what: `${adverts} advert${adverts === 1 ? '' : 's'} of ${milliseconds(masterMs)}`, ms: adverts * masterMs },
    skewTerm(router, priority, masterMs),
  ]
}

/** `preempt_delay` begins with the first advert of a lower MASTER; until it ends, adverts count (vrrp_state_backup). */
export function delayTerms({ preemptDelayMs }: Router, masterMs: number): Term[] {
  return [advertTerm(masterMs), { what: `preempt_delay of ${milliseconds(preemptDelayMs)}`, ms: preemptDelayMs }]
}

/** Until something is heard. */
export function advertTerm(masterMs: number): Term {
  return { what: `1 advert of ${milliseconds(masterMs)}`, ms: masterMs }
}

/** `100 ms`, `1.5 s`. */
export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`
}
