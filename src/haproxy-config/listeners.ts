import { parseIpAddress } from '../spec/address.ts'
import type { Position } from '../spec/problem.ts'
import type { BindConfig, HaproxyConfig } from './config.ts'

/** An address and port at which HAProxy takes connections: of a `bind`, or of a `stats socket`. */
export type Listener = Pick<BindConfig, 'address' | 'family' | 'v6only'> & { at: Position }

/** Those of a port. A port that is a variable may be any. */
export function listenersAt({ proxies, global }: HaproxyConfig, asked: number): Listener[] {
  const binds = proxies.flatMap((proxy) => proxy.binds)
  const sockets = global.statsSockets.filter(({ port }) => port === asked)
  return [
    ...binds.filter(
      ({ path, port, lastPort }) =>
        path === undefined && (port === undefined || (asked >= port && asked <= (lastPort ?? port))),
    ),
    ...sockets.map(({ address, at }) => ({
      address: ['', '*', '0.0.0.0'].includes(address ?? '') ? undefined : address,
      family: 4 as const,
      v6only: false,
      at,
    })),
  ]
}

/**
 * Whether it may answer who asks `host`, an address or localhost, which is 127.0.0.1 or ::1. What is written as a name or with a
 * variable may be any address. Seen with HAProxy 2.6 for each kind of address; of 127.0.0.0/8 one that is bound answers alone.
 */
export function mayAnswer({ address, family, v6only }: Listener, host: string): boolean {
  const asked = addressesOf(host)
  if (address === undefined) return asked.some((one) => (one.includes(':') ? family === 6 : family === 4 || !v6only))
  const bound = addressesOf(address)
  return bound.some((one) => parseIpAddress(one) === undefined || asked.includes(one))
}

function addressesOf(host: string): string[] {
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [parseIpAddress(host)?.text ?? host]
}
