import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { exec } from '../exec.ts'
import { ownAddresses } from '../observe/addresses.ts'
import type { Spec } from '../spec/spec.ts'
import type { Check } from './check.ts'
import type { Examined } from './examined.ts'
import { neighbours, withMacs } from './neighbours.ts'
import { addressVerdict, type Echo, mtuVerdict, strangerVerdict } from './verdicts/network.ts'
import type { Verdict } from './verdicts/verdict.ts'

export const NETWORK_CHECKS: readonly Check[] = [
  {
    family: 'network',
    name: 'address',
    look: async ({ desired }) => {
      if (desired.kind === 'unknown') return {}
      return { address: addressVerdict(desired.node, interfaceOf(desired.node.address)) }
    },
  },
  { family: 'network', name: 'VIPs', withinMs: 10_000, look: lookWhoAnswers },
  {
    family: 'network',
    name: 'MTU',
    look: async ({ desired, manager }, signal) => {
      if (desired.kind === 'unknown') return {}
      const { node, spec } = desired
      const link = {
        interface: node.interface,
        mtu: Number(readFileSync(`/sys/class/net/${node.interface}/mtu`, 'utf8')),
      }
      const peers = spec.nodes.filter(({ name }) => name !== node.name)
      const verdicts = peers.map(
        async ({ name, address }) =>
          [`MTU to ${name}`, mtuVerdict(name, link, await echoOf(address, link.mtu, signal), manager)] as const,
      )
      return Object.fromEntries(await Promise.all(verdicts))
    },
  },
]

/** ARP and neighbour discovery need a moment for one address. */
const RESOLVES_WITHIN_MS = 800

async function lookWhoAnswers({ desired }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  if (desired.kind === 'unknown') return {}
  const { node, spec } = desired
  const own = ownAddresses()
  const vips = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  const others = [...vips, ...spec.nodes].filter(({ address }) => !own.has(address))
  await resolve(others.map(({ address }) => address))
  const seen = await surely(node.interface, vips, spec.nodes, signal)
  const nodes = withMacs(desired, seen)
  return Object.fromEntries(
    vips.map((vip) => {
      const found = { heldHere: own.has(vip.address), answeredBy: seen.get(vip.address), nodes }
      return [`VIP ${vip.name}`, strangerVerdict(vip, found)]
    }),
  )
}

/** Makes the kernel ask for their link-layer addresses: a datagram to the discard port, which nobody answers. */
async function resolve(addresses: Spec['nodes'][number]['address'][]): Promise<void> {
  const sockets = addresses.map((address) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.on('error', () => undefined)
    socket.send('', 9, address, () => undefined)
    return socket
  })
  await sleep(RESOLVES_WITHIN_MS)
  for (const socket of sockets) socket.close()
}

/** The kernel believes what it has learned for 5 s of use before it asks again (arp(7), delay_first_probe_time), then for 3 s. */
const CONFIRMS_WITHIN_MS = 8_500
const LOOK_EVERY_MS = 250

/** Who has which address. A machine that has left may still stand there: one that is no node must have answered. */
async function surely(
  link: string,
  vips: readonly { address: string }[],
  nodes: readonly { address: string }[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const deadline = performance.now() + CONFIRMS_WITHIN_MS
  for (;;) {
    const known = await neighbours(link, signal)
    const ofNodes = known.filter(({ address }) => nodes.some((node) => node.address === address))
    const isDoubtful = known.some(
      ({ address, mac, state }) =>
        ['STALE', 'DELAY', 'PROBE'].includes(state) &&
        vips.some((vip) => vip.address === address) &&
        !ofNodes.some((node) => node.mac === mac),
    )
    if (!isDoubtful || performance.now() > deadline) return new Map(known.map(({ address, mac }) => [address, mac]))
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

function interfaceOf(address: string): string | undefined {
  return Object.entries(networkInterfaces()).find(([, entries]) =>
    entries?.some((entry) => entry.address === address),
  )?.[0]
}

/** Headers of IP and ICMP. */
const HEADERS = { v4: 28, v6: 48 }

async function echoOf(address: string, mtu: number, signal: AbortSignal): Promise<Echo> {
  const headers = address.includes(':') ? HEADERS.v6 : HEADERS.v4
  const ping = async (size: number): Promise<boolean | 'missing'> => {
    const words = ['-n', '-q', '-c', '2', '-i', '0.3', '-W', '1', '-M', 'do', '-s', String(size), address]
    const result = await exec('ping', words, { timeoutMs: 4_000, signal })
    return result.kind === 'missing' ? 'missing' : result.kind === 'exited' && result.code === 0
  }
  const [small, whole] = await Promise.all([ping(56), ping(mtu - headers)])
  return small === 'missing' || whole === 'missing' ? 'no ping' : { small, whole }
}
