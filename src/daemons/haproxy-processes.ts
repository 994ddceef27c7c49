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
