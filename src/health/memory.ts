import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { bootId } from '../boot-clock.ts'
import { HEALTH_CAUSES } from '../report/vip-schema.ts'
import { parseStateFile } from '../state-file.ts'
import { replaceFile, writeDurably } from '../write-file.ts'
import type { VipHealth } from './vip-health.ts'

/** What the scores must know over a restart of the agent. */
export type Memory = {
  health(vip: string): VipHealth | undefined
  setHealth(vip: string, health: VipHealth): void
  wasHealthyOnce(vip: string): boolean
  setHealthyOnce(vip: string): void
}

const optional = z
  .number()
  .nullable()
  .transform((value) => value ?? undefined)
const bootSchema = z.object({
  boot: z.string(),
  vips: z.record(
    z.string(),
    z.object({
      score: z.number(),
      // An agent of an earlier version wrote none, one of a later version may know more.
      cause: z.enum(HEALTH_CAUSES).catch('servers_unknown'),
      reason: z.string(),
      changingSinceMs: optional,
      heldDownSinceMs: optional,
    }),
  ),
})

/**
 * `runtime`: a file whose times count from the boot, and mean nothing after the next. `state`: one that lasts. A change
 * that cannot be written is kept in memory; then only the next agent knows less.
 */
export function createMemory(files: { runtime: string; state: string }): Memory {
  const boot = bootId()
  const found = load(files.runtime, bootSchema)
  const healths = new Map(Object.entries(found?.boot === boot ? found.vips : {}))
  const healthyOnce = new Set(load(files.state, z.array(z.string())) ?? [])
  return {
    health: (vip) => healths.get(vip),
    setHealth: (vip, health) => {
      const before = healths.get(vip)
      healths.set(vip, health)
      if (before !== undefined && lasting(before) === lasting(health)) return
      save(files.runtime, { boot, vips: Object.fromEntries(healths) })
    },
    wasHealthyOnce: (vip) => healthyOnce.has(vip),
    setHealthyOnce: (vip) => {
      if (healthyOnce.has(vip)) return
      healthyOnce.add(vip)
      writeDurably(files.state, JSON.stringify([...healthyOnce]), 0o640).catch(() => undefined)
    },
  }
}

/** A change that is still doubted the next agent may doubt anew. */
function lasting({ score, heldDownSinceMs }: VipHealth): string {
  return `${score} ${heldDownSinceMs}`
}

function save(file: string, value: unknown): void {
  try {
    replaceFile(
      file,
      JSON.stringify(value, (_, part) => part ?? null),
    )
  } catch {
    // A full or read-only disk must not end the agent.
  }
}

function load<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  try {
    const read = parseStateFile(readFileSync(file, 'utf8'), schema)
    return read.kind === 'read' ? read.value : undefined
  } catch {
    return undefined
  }
}
