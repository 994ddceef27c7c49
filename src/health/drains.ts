import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { createTurns } from '../in-turn.ts'
import { isOver, lastingFor, lastingSchema } from '../lasting.ts'
import { parseStateFile } from '../state-file.ts'
import type { Troubles } from '../troubles.ts'
import { writeDurably } from '../write-file.ts'

const drainSchema = lastingSchema
  .extend({
    /** undefined: all VIPs of this node, also those that a later release adds. */
    vip: z.string().optional(),
  })
  // What a newer version has put in besides stays in the file.
  .loose()

/** One VIP, or all, that this node gives away by hand. It survives restarts and boots, and ends by itself if it has an end. */
export type Drain = z.infer<typeof drainSchema> & {
  /** The host or the daemons are being stopped: not remembered, as the next start ends it. */
  forStop: boolean
}

export type Drains = {
  /** Rejects with what the file system says when it cannot be remembered; then nothing is drained. */
  add(vip: string | undefined, options: { forMs: number | undefined; forStop: boolean }): Promise<Drain>
  /** Without `vip` all end. */
  remove(vip: string | undefined): Promise<Drain[]>
  of(vip: string): Drain | undefined
  all(): readonly Drain[]
  /**
   * VIPs that this node gives away while keepalived changes, until it is called again. The agent alone knows of them: when it dies, its
   * successor takes part in them, and no `undrain` ends them.
   */
  whileChanging(vips: readonly string[]): void
  isChanging(vip: string): boolean
}

/** Remembers drains in `file`. `onEnd` hears of those that end by themselves. */
export function createDrains(
  file: string,
  { now, onEnd, troubles }: { now(): number; onEnd(drain: Drain): void; troubles: Pick<Troubles, 'raise' | 'clear'> },
): Drains {
  let drains: readonly Drain[] = load(file, (reason) =>
    troubles.raise(
      'drains',
      `${file} cannot be read: ${reason}; whether this node was drained is not known, so it takes part: lb-agent drain, or lb-agent undrain if it was not`,
    ),
  ).map((drain) => ({ ...drain, forStop: false }))

  let changing: ReadonlySet<string> = new Set()
  const inTurn = createTurns()
  const living = (): readonly Drain[] => {
    const over = drains.filter((drain) => isOver(drain, now()))
    if (over.length > 0) {
      drains = drains.filter((drain) => !over.includes(drain))
      // One that has ended is over whether the file knows it or not: it carries its own end.
      inTurn(() => save(file, drains)).catch(() => undefined)
      for (const drain of over) onEnd(drain)
    }
    return drains
  }
  return {
    add: async (vip, { forMs, forStop }) => {
      const drain: Drain = {
        ...(vip === undefined ? {} : { vip }),
        ...lastingFor(forMs, now()),
        forStop,
      }
      const withIt = (): readonly Drain[] => [
        ...living().filter((other) => other.vip !== vip || other.forStop !== forStop),
        drain,
      ]
      const begin = (): void => {
        drains = withIt()
      }
      // A stop is not remembered, and waits for no disk.
      if (forStop) begin()
      else
        await inTurn(async () => {
          await save(file, withIt())
          troubles.clear('drains')
          begin()
        })
      return drain
    },
    remove: (vip) =>
      inTurn(async () => {
        const ended = living().filter((drain) => vip === undefined || drain.vip === vip)
        const left = (): readonly Drain[] => drains.filter((drain) => !ended.includes(drain))
        await save(file, left())
        troubles.clear('drains')
        // Without those that have begun meanwhile: the host may be about to stop.
        drains = left()
        return ended
      }),
    of: (vip) => living().find((drain) => drain.vip === undefined || drain.vip === vip),
    all: living,
    whileChanging: (vips) => {
      changing = new Set(vips)
    },
    isChanging: (vip) => changing.has(vip),
  }
}

function save(file: string, drains: readonly Drain[]): Promise<void> {
  const lasting = drains.filter(({ forStop }) => !forStop).map(({ forStop: _, ...drain }) => drain)
  return writeDurably(file, JSON.stringify(lasting), 0o640)
}

/** None when there is no file; none, and told, when it is damaged: a node that serves without need does no harm. */
function load(file: string, onDamage: (reason: string) => void): z.infer<typeof drainSchema>[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onDamage((error as Error).message)
    return []
  }
  const read = parseStateFile(text, z.array(drainSchema))
  if (read.kind === 'read') return read.value
  onDamage(read.reason)
  return []
}
