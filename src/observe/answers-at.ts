import { connect } from 'node:net'

/**
 * Whether some machine has `address` now, seen from here: it takes a connection on one of `ports`, or refuses one. undefined where
 * there is no port to try, or this host cannot try it. A node's own connections to a VIP go to whoever holds it, also over a router; nothing is sent.
 */
export async function answersAt(
  address: string,
  ports: readonly number[],
  withinMs: number,
): Promise<boolean | undefined> {
  if (ports.length === 0) return undefined
  const found = await Promise.all(ports.map((port) => answers(address, port, withinMs)))
  if (found.includes(true)) return true
  return found.includes(undefined) ? undefined : false
}

/** Of this host alone: they say nothing of who answers elsewhere. */
const OWN_FAILURES = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL']

function answers(host: string, port: number, withinMs: number): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (found: boolean | undefined): void => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(found)
    }
    const deadline = setTimeout(() => settle(false), withinMs)
    socket.on('connect', () => settle(true))
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      settle(OWN_FAILURES.includes(code) ? undefined : code === 'ECONNREFUSED' || code === 'ECONNRESET'),
    )
  })
}
