import { join } from 'node:path'
import { startChild } from '../../src/drill/child.ts'
import type { Lab } from '../../src/drill/lab.ts'

/** `until`: lines that the answer must have; it is asked every 10 ms until then. */
export type Asked = { url: string; until: readonly string[] }

/** An answer and when it was there, epoch ms. `status` 0: there was none. */
export type Told = { status: number; text: string; atMs: number }

/** Asks by HTTP from the client's seat, one question after the other. It ends with the lab. */
export type Seat = { ask(url: string, until?: readonly string[]): Promise<Told> }

export function takeSeat(lab: Lab): Seat {
  const argv = [process.execPath, join(import.meta.dirname, 'seat-process.ts')]
  const child = startChild(lab.network.namespace('.client'), argv, join(lab.directory, 'seat.log'))
  return {
    ask: async (url, until = []) => {
      const asked: Asked = { url, until }
      return JSON.parse(await child.ask(JSON.stringify(asked)))
    },
  }
}
