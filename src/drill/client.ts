import type { Program } from '../program.ts'
import { startChild } from './child.ts'
import type { Target } from './lab-client.ts'
import type { Window } from './statistics.ts'

/** The lab's client, which goes on asking all the time; `mark` begins a window, `report` ends one. */
export type Client = {
  mark(): Promise<void>
  report(): Promise<Readonly<Record<string, Window>>>
  close(): Promise<void>
}

export function startClient(options: {
  program: Program
  namespace: string
  targets: readonly Target[]
  everyMs: number
  logFile: string
}): Client {
  const { program, targets, everyMs } = options
  const argv = [program.node, program.bundle, 'lab-client', JSON.stringify({ targets, everyMs })]
  const child = startChild(options.namespace, argv, options.logFile)
  return {
    mark: async () => void (await child.ask('{"cmd":"mark"}')),
    report: async () => JSON.parse(await child.ask('{"cmd":"report"}')),
    close: child.close,
  }
}
