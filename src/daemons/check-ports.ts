import { createServer } from 'node:net'

/** An address of haproxy.cfg that another process listens on, with the line that names it. */
export type TakenPort = { address: string; port: number; line: number }

type Bind = { address: string; port: number; line: number }

/**
 * Addresses that `next` binds, `before` does not, and that somebody else has. `haproxy -c` does not bind, and a reload
 * that meets a taken port does harm: the new process tells the old one to pause its listeners and tries for two seconds
 * (haproxy.c, MAX_START_RETRIES), in which clients of the old one are lost. What cannot be told here (a port below 1024
 * without the right to bind it, an address that the kernel refuses) is left to the reload.
 */
export async function findTakenPorts(next: string, before: string): Promise<TakenPort[]> {
  // Only root may listen beside HAProxy's own sockets (SO_REUSEPORT wants the same user).
  if (process.getuid?.() !== 0) return []
  const known = new Set(bindsOf(before).map(nameOf))
  const added = bindsOf(next).filter((bind) => !known.has(nameOf(bind)))
  const taken = await Promise.all(added.map(isTaken))
  return added.filter((_, index) => taken[index])
}

/** `bind` lines with a plain IP address and port; one that is tied to a device or namespace is another matter. */
function bindsOf(file: string): Bind[] {
  return file.split('\n').flatMap((text, index) => {
    const [, addresses = '', options = ''] = /^\s*bind\s+(\S+)(.*)$/.exec(text) ?? []
    if (/\s(?:interface|namespace)\s/.test(options)) return []
    return addresses.split(',').flatMap((written) => {
      const [, six, four, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d+)$/.exec(written) ?? []
      const address = six ?? four
      return address === undefined ? [] : [{ address, port: Number(port), line: index + 1 }]
    })
  })
}

/** Listens there for a moment, as HAProxy would: with SO_REUSEPORT, beside an older HAProxy of the same user. */
function isTaken({ address, port }: Bind): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen({ host: address, port, reusePort: true, ipv6Only: true }, () => server.close(() => resolve(false)))
  })
}

function nameOf({ address, port }: Bind): string {
  return `${address} ${port}`
}
