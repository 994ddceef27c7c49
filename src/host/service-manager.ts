import { describeFailure, exec, succeeded } from '../exec.ts'

/** What systemd is told by a unit of `Type=notify` (sd_notify(3)). */
export type ServiceManager = {
  /** The unit counts as started. */
  ready(status: string): Promise<void>
  stopping(): Promise<void>
  /** Feeds the watchdog for as long as `isAlive`; nothing is fed before the first call. */
  watch(isAlive: () => boolean): void
  close(): void
}

const NOTIFY_WITHIN_MS = 5_000
/** Of the time after which systemd ends the unit: sd_watchdog_enabled(3) recommends a half. */
const FEEDS_PER_DEADLINE = 3

/**
 * Node has no datagram sockets of the UNIX kind, so that systemd's own program does it (`NotifyAccess=all`). Started by
 * anything else than such a unit, nothing is told.
 */
export function createServiceManager(
  env: Readonly<Record<string, string | undefined>>,
  onError: (reason: string) => void,
): ServiceManager {
  const socket = env['NOTIFY_SOCKET']
  const deadlineMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000
  let timer: NodeJS.Timeout | undefined
  const notify = async (...assignments: readonly string[]): Promise<void> => {
    if (socket === undefined) return
    const result = await exec('systemd-notify', assignments, {
      timeoutMs: NOTIFY_WITHIN_MS,
      env: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: socket },
    })
    if (!succeeded(result)) onError(describeFailure(result))
  }
  return {
    ready: (status) => notify('READY=1', `STATUS=${status}`),
    stopping: () => notify('STOPPING=1'),
    watch: (isAlive) => {
      if (deadlineMs === 0) return
      timer ??= setInterval(() => {
        if (isAlive()) void notify('WATCHDOG=1')
      }, deadlineMs / FEEDS_PER_DEADLINE)
    },
    close: () => clearInterval(timer),
  }
}
