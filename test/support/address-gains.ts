import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseAddressEvent } from '../../src/drill/address-events.ts'
import { CLEAN_ENV } from '../../src/exec.ts'

export type AddressGains = {
  /** Epoch ms at which the kernel gave the address to a namespace last; undefined while it has not. */
  lastAtMs(): number | undefined
  close(): void
}

/** Follows when a namespace gets an address, as the kernel tells it. */
export function followGains(namespace: string, address: string): AddressGains {
  const monitor = spawn('ip', ['-n', namespace, '-ts', '-o', 'monitor', 'address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // `ip` prints local time.
    env: { ...CLEAN_ENV, TZ: 'UTC' },
  })
  let last: number | undefined
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const event = parseAddressEvent(line)
    if (event?.address === address && event.has) last = event.atMs
  })
  return { lastAtMs: () => last, close: () => void monitor.kill('SIGKILL') }
}
