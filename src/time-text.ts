/** `12 s`, `3 min`, `2 h`, `5 d`: an age that is read at a glance. */
export function age(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/** `2026-03-01 14:03:12`, in the time zone of whoever asks. */
export function timeOfDay(atMs: number): string {
  return new Date(atMs).toLocaleString('sv-SE')
}
