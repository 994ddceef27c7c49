import { processOf, residentBytesOf } from '../proc.ts'
import { withChildren } from '../processes.ts'

/** A process as the kernel counts it. `id` is of this process alone, also when its pid is used again. */
export type ProcessFigures = { id: string; residentBytes: number; cpuSeconds: number }

/**
 * A daemon's main process and its children: HAProxy's master and all of its workers, keepalived and its VRRP process.
 * Empty when it has ended. Reads some small files of /proc, which never wait for the process: 0.1 ms.
 *
 * Not through systeminformation: it starts `ps` for all processes of the machine (20 to 200 ms, 10 to 30 ms of processor
 * time), knows daemons by their name, so that two agents on a machine would count each other's, and gives no processor time.
 */
export function processesOf(pid: number): ProcessFigures[] {
  return withChildren(pid).flatMap((each) => {
    const process = processOf(each)
    const residentBytes = residentBytesOf(each)
    if (process === undefined || residentBytes === undefined) return []
    return [{ id: `${each} ${process.startedTicks}`, residentBytes, cpuSeconds: process.cpuSeconds }]
  })
}
