import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { exec, succeeded } from '../exec.ts'

/** Whether a machine on this link answers for an address (ARP, neighbour discovery). `elsewhere`: it is behind a router. */
export type Answering =
  | { kind: 'answered'; mac: string }
  | { kind: 'silent' }
  | { kind: 'elsewhere' }
  | { kind: 'unknown' }

/** A neighbour as the kernel knows it. `state`: as ip-neighbour(8) writes it; never FAILED. */
export type Neighbour = { address: string; mac: string; state: string }

/** ARP and neighbour discovery need a moment for one address. */
const RESOLVES_WITHIN_MS = 800
const IP_WITHIN_MS = 2_000

/** Makes the kernel ask for their link-layer addresses: a datagram to the discard port, which nobody answers. */
export async function resolveNeighbours(addresses: readonly string[]): Promise<void> {
  const sockets = addresses.map((address) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.on('error', () => undefined)
    socket.send('', 9, address, () => undefined)
    return socket
  })
  await sleep(RESOLVES_WITHIN_MS)
  for (const socket of sockets) socket.close()
}

/** What the kernel knows now of those on `link`. */
export async function neighboursOn(link: string, signal?: AbortSignal): Promise<Neighbour[]> {
  const said = await exec('ip', ['neighbour', 'show', 'dev', link], { timeoutMs: IP_WITHIN_MS, signal })
  return said.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [, address, mac, state] = /^(\S+).* lladdr (\S+).* (\S+)\s*$/.exec(line) ?? []
      if (address === undefined || mac === undefined || state === undefined) return []
      return state === 'FAILED' ? [] : [{ address, mac, state }]
    })
}

/**
 * Asks on `link` for `address`, which this node does not have. A machine that has just left may be told as `answered` for some
 * ten seconds, until the kernel has asked it in vain.
 */
export async function askNeighbour(link: string, address: string, signal?: AbortSignal): Promise<Answering> {
  const route = await exec('ip', ['-o', 'route', 'get', address], { timeoutMs: IP_WITHIN_MS, signal })
  if (!succeeded(route)) return { kind: 'unknown' }
  const words = route.stdout.toString('utf8')
  if (/ via /.test(words) || !words.includes(` dev ${link} `)) return { kind: 'elsewhere' }
  await resolveNeighbours([address])
  const found = (await neighboursOn(link, signal)).find((neighbour) => neighbour.address === address)
  return found === undefined ? { kind: 'silent' } : { kind: 'answered', mac: found.mac }
}
