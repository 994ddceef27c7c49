import { setTimeout as sleep } from 'node:timers/promises'
import type { Stretch } from './holding.ts'
import { deleteNamespaces, inNamespace, ipBatch, namespacesWith, pidsIn } from './ip.ts'

/** A machine of the lab, balancer, server or client: a namespace with one interface. */
export type Host = { name: string; addresses: readonly string[]; interface: string }

export type Network = {
  namespace(host: string): string
  add(host: Host): Promise<void>
  /** Takes the host's cable out of the switch: the interface stays up, nothing arrives. */
  cut(host: string): Promise<void>
  heal(host: string): Promise<void>
  /** Takes a host's routes to some addresses away, until `unblock`. */
  block(host: string, addresses: readonly string[]): Promise<void>
  unblock(host: string, addresses: readonly string[]): Promise<void>
  /** When which host was cut off; epoch ms. */
  cuts(): readonly Stretch[]
  /** Ends every process inside and removes everything. Safe to call twice, and after a creation that failed. */
  close(): Promise<void>
}

const BRIDGE = 'switch0'
const SYSCTLS = [
  // HAProxy binds the VIPs on every node, held or not.
  'net.ipv4.ip_nonlocal_bind=1',
  'net.ipv6.ip_nonlocal_bind=1',
  // A client that opens hundreds of connections per second needs ports.
  'net.ipv4.ip_local_port_range=1024 65535',
  'net.ipv4.tcp_tw_reuse=1',
]

/**
 * One flat network: every host hangs on a bridge that lives in a namespace of its own, and reaches every address by ARP,
 * whatever subnets lb.yaml speaks of. The machine's own network is not touched.
 */
export async function createNetwork(id: string, hosts: readonly Host[], signal?: AbortSignal): Promise<Network> {
  const prefix = `lb-${id}-`
  const namespace = (host: string): string => `${prefix}${host}`
  const fabric = `${prefix}.switch`
  const ports = new Map<string, string>()
  const cuts: Stretch[] = []

  const addAll = async (added: readonly Host[]): Promise<void> => {
    for (const { name } of added) ports.set(name, `p${ports.size}`)
    const port = (host: Host): string => ports.get(host.name) ?? ''
    const link = (host: Host): string => `link add ${host.interface} netns ${namespace(host.name)} type veth`
    await ipBatch(
      undefined,
      added.flatMap((host) => [
        `netns add ${namespace(host.name)}`,
        `${link(host)} peer name ${port(host)} netns ${fabric}`,
      ]),
      signal,
    )
    const plug = added.flatMap((host) => [`link set ${port(host)} master ${BRIDGE}`, `link set ${port(host)} up`])
    await ipBatch(fabric, plug, signal)
    // All of them end before a failure is told, so that nothing is still being made while `close` removes it.
    const outcomes = await Promise.allSettled(added.map((host) => configure(namespace(host.name), host, signal)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= removeNamespaces(prefix)
    return closing
  }
  const network: Network = {
    namespace,
    add: (host) => addAll([host]),
    cut: async (host) => {
      await ipBatch(fabric, [`link set ${ports.get(host)} nomaster`])
      cuts.push({ node: host, fromMs: Date.now(), untilMs: undefined })
    },
    heal: async (host) => {
      await ipBatch(fabric, [`link set ${ports.get(host)} master ${BRIDGE}`])
      for (const cut of cuts) if (cut.node === host) cut.untilMs ??= Date.now()
    },
    block: (host, addresses) => ipBatch(namespace(host), addresses.map(unreachable('replace'))),
    // Twice must not fail: what is not blocked is left alone.
    unblock: (host, addresses) => ipBatch(namespace(host), addresses.map(unreachable('delete')), undefined, true),
    cuts: () => cuts,
    close,
  }
  try {
    await ipBatch(undefined, [`netns add ${fabric}`], signal)
    await ipBatch(
      fabric,
      [`link add ${BRIDGE} type bridge forward_delay 0 stp_state 0`, `link set ${BRIDGE} up`],
      signal,
    )
    await addAll(hosts)
    return network
  } catch (error) {
    await close()
    throw error
  }
}

async function configure(namespace: string, host: Host, signal: AbortSignal | undefined): Promise<void> {
  await inNamespace(namespace, ['sysctl', '-qw', ...SYSCTLS])
  const commands = host.addresses.flatMap(addressCommands(host.interface))
  await ipBatch(namespace, ['link set lo up', `link set ${host.interface} up`, ...commands], signal)
}

/** Ends every process in the namespaces whose names begin with `prefix`, and removes them. Throws when something is left. */
export async function removeNamespaces(prefix: string): Promise<void> {
  const names = await namespacesWith(prefix)
  let pids = (await Promise.all(names.map(pidsIn))).flat()
  for (let round = 0; round < 50 && pids.length > 0; round += 1) {
    for (const pid of pids) kill(pid)
    await sleep(20)
    pids = (await Promise.all(names.map(pidsIn))).flat()
  }
  await deleteNamespaces(names)
  if (pids.length > 0) throw new Error(`processes of ${prefix}… do not end: ${pids.join(', ')}`)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function addressCommands(link: string): (address: string) => string[] {
  return (address) =>
    address.includes(':')
      ? [`address add ${address}/128 dev ${link} nodad`, `route add default dev ${link} src ${address}`]
      : [`address add ${address}/32 dev ${link}`, `route add default dev ${link} scope link src ${address}`]
}

/** What a machine without a route has; with the length of the prefix it is stronger than the default route. */
function unreachable(verb: 'replace' | 'delete'): (address: string) => string {
  return (address) => `route ${verb} unreachable ${address}/${address.includes(':') ? 128 : 32}`
}
