import { childrenOf, processOf } from '../proc.ts'
import { ask } from './haproxy-socket.ts'

/** What HAProxy's master says of its workers. */
export type HaproxyProcesses = {
  /** How often a reload has failed since the last one that worked. */
  failedReloads: number
  /** Workers of earlier files that still serve connections. */
  oldWorkers: number
}

/** `show proc` on the master socket (management.txt §9.4), which only root may open. */
export async function readProcesses(
  masterSocket: string,
  timeoutMs: number,
): Promise<{ kind: 'state'; state: HaproxyProcesses } | { kind: 'unavailable'; reason: string }> {
  const answer = await ask(masterSocket, 'show proc', timeoutMs)
  return answer.kind === 'unavailable' ? answer : { kind: 'state', state: parseProcesses(answer.text) }
}

export type OldWorkers = { oldWorkers: number }

/**
 * As the master says, or, where its socket is root's and the agent is not (`supervisor: systemd`), as the kernel shows its
 * children to everybody. `master` and `current`: its pid, and that of the worker that has the stats socket, where known.
 */
export async function readOldWorkers(options: {
  masterSocket: string
  timeoutMs: number
  master: number | undefined
  current: number | undefined
}): Promise<{ kind: 'state'; state: OldWorkers } | { kind: 'unavailable'; reason: string }> {
  const { master, current } = options
  const answer = await readProcesses(options.masterSocket, options.timeoutMs)
  if (answer.kind === 'state') return { kind: 'state', state: { oldWorkers: answer.state.oldWorkers } }
  if (master === undefined || current === undefined) return answer
  const oldWorkers = countOldWorkers(master, current)
  return oldWorkers === undefined ? answer : { kind: 'state', state: { oldWorkers } }
}

/** A worker that was started after the one that serves is a new one that does not yet. */
function countOldWorkers(master: number, current: number): number | undefined {
  const children = childrenOf(master)
  const [parent, serving] = [processOf(master), processOf(current)]
  // Not listed by this kernel, or a pid of another namespace.
  if (parent === undefined || serving === undefined || !children.includes(current)) return undefined
  return children.filter((pid) => {
    const found = pid === current ? undefined : processOf(pid)
    // Its children are also the programs of a `program` section.
    const isWorker = found?.name === parent.name && found.state !== 'Z'
    return isWorker && found.startedTicks <= serving.startedTicks
  }).length
}

/**
 * The table of `show proc`:
 *
 *     #<PID>    <type>    <reloads>       <uptime>      <version>
 *     1162      master    5 [failed: 1]   0d00h02m07s   2.6.12
 *     # workers
 *     1271      worker    1               0d00h00m00s   2.6.12
 *     # old workers
 *     1233      worker    3               0d00h00m43s   2.6.12
 *     # programs
 */
export function parseProcesses(text: string): HaproxyProcesses {
  const [, old = ''] = text.split(/^# old workers$/m)
  const [workers = ''] = old.split(/^#/m)
  return {
    failedReloads: Number(/\bmaster\b.*\[failed: (\d+)\]/.exec(text)?.[1] ?? 0),
    oldWorkers: workers.match(/^\d+\s+worker\b/gm)?.length ?? 0,
  }
}
