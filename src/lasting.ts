import * as z from 'zod'
import { bootId, bootMs } from './boot-clock.ts'

/** Something that a person set going on this node, and that ends by itself if it has an end. Times are epoch ms. */
export const lastingSchema = z.object({
  since: z.number(),
  /** null: until it is undone. */
  until: z.number().nullable(),
  /** The same on the clock of `boot`, which nobody sets. */
  untilBootMs: z.number().nullable(),
  boot: z.string(),
})
export type Lasting = z.infer<typeof lastingSchema>

/** From now on; without `forMs` until it is undone. */
export function lastingFor(forMs: number | undefined, nowMs: number): Lasting {
  const isEndless = forMs === undefined
  return {
    since: nowMs,
    until: isEndless ? null : nowMs + forMs,
    untilBootMs: isEndless ? null : bootMs() + forMs,
    boot: bootId(),
  }
}

/** By the clock that nobody sets while this boot lasts, by the wall clock after the next one. */
export function isOver({ until, untilBootMs, boot }: Lasting, nowMs: number): boolean {
  return boot === bootId() && untilBootMs !== null ? bootMs() >= untilBootMs : until !== null && nowMs >= until
}
