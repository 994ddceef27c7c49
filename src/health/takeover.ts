import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import * as z from 'zod'
import { parseStateFile, type StateRead } from '../state-file.ts'
import type { Troubles } from '../troubles.ts'
import { writeDurably } from '../write-file.ts'

/** Its name in the state directory. */
export const TAKEOVER_FILE = 'takeover.json'

/**
 * VIPs that a pair without lb-agent still holds when this node is taken over. Its adverts are not heard here (VRRPv2), so
 * keepalived would hold them as well: they stay in FAULT until an agent holds them, nobody does, or a person says so.
 */
const takeoverSchema = z.object({ vips: z.array(z.string()) })

export type Takeover = {
  /** Names of the VIPs that are left to the old pair. */
  waiting(): readonly string[]
  /** This node takes part in them from now on. */
  end(vips: readonly string[]): Promise<void>
}

/** Reads what `lb-agent install` has written to `file`. */
export function readTakeover(file: string, troubles: Pick<Troubles, 'raise' | 'clear'>): Takeover {
  const found = load(file)
  // A node that takes part without need is mended by keepalived; one that never does would be missed at night.
  if (found.kind === 'unreadable')
    troubles.raise('takeover', `${file} cannot be read: ${found.reason}; this node takes part in all of its VIPs`)
  let waiting: readonly string[] = found.kind === 'read' ? found.value.vips : []
  return {
    waiting: () => waiting,
    end: async (vips) => {
      // Now, whether the disk takes it or not: only the next agent would wait again, until it has looked as this one has.
      waiting = waiting.filter((name) => !vips.includes(name))
      try {
        if (waiting.length === 0) await rm(file, { force: true })
        else await writeTakeover(file, waiting)
        troubles.clear('takeover')
      } catch (error) {
        troubles.raise(
          'takeover',
          `${file} cannot be written: ${(error as Error).message}; this node takes part all the same`,
        )
      }
    },
  }
}

/** The same for whoever only looks; none where it cannot be read. */
export function readWaiting(file: string): readonly string[] {
  const found = load(file)
  return found.kind === 'read' ? found.value.vips : []
}

/** Leaves these VIPs to whoever holds them, from the next start of the agent on. */
export function writeTakeover(file: string, vips: readonly string[]): Promise<void> {
  return writeDurably(file, JSON.stringify({ vips }), 0o640)
}

function load(file: string): StateRead<z.output<typeof takeoverSchema>> {
  try {
    return parseStateFile(readFileSync(file, 'utf8'), takeoverSchema)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT'
      ? { kind: 'read', value: { vips: [] } }
      : { kind: 'unreadable', why: 'damaged', reason: message }
  }
}
