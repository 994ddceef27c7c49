import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace, ipBatch, namespacesWith, pidsIn } from './ip.ts'

/** A machine of the lab: a namespace with one interface. `routes`: it is a balancer, client or server. */
export type Host = { name: string; addresses: readonly string[]; interface: string }

export type Network = {
  namespace(host: string): string
  add(host: Host): Promise<void>
  /** Takes the host's cable out of the switch: the interface stays up, nothing arrives. */
  cut(host: string): Promise<void>
  heal(host: string): Promise<void>
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

  const add = async (host: Host): Promise<void> => {
    const port = `p${ports.size}`
    ports.set(host.name, port)
    const mine = namespace(host.name)
    await ipBatch(
      undefined,
      [`netns add ${mine}`, `link add ${host.interface} netns ${mine} type veth peer name ${port} netns ${fabric}`],
      signal,
    )
    await ipBatch(fabric, [`link set ${port} master ${BRIDGE}`, `link set ${port} up`], signal)
    await inNamespace(mine, ['sysctl', '-qw', ...SYSCTLS])
    await ipBatch(
      mine,
      ['link set lo up', `link set ${host.interface} up`, ...host.addresses.flatMap(addressCommands(host.interface))],
      signal,
    )
  }
  const network: Network = {
    namespace,
    add,
    cut: (host) => ipBatch(fabric, [`link set ${ports.get(host)} nomaster`]),
    heal: (host) => ipBatch(fabric, [`link set ${ports.get(host)} master ${BRIDGE}`]),
    close: () => removeNamespaces(prefix),
  }
  try {
    await ipBatch(undefined, [`netns add ${fabric}`], signal)
    await ipBatch(
      fabric,
      [`link add ${BRIDGE} type bridge forward_delay 0 stp_state 0`, `link set ${BRIDGE} up`],
      signal,
    )
    for (const host of hosts) await add(host)
    return network
  } catch (error) {
    await network.close()
    throw error
  }
}

/** Ends every process in the namespaces whose names begin with `prefix`, and removes them. */
export async function removeNamespaces(prefix: string): Promise<void> {
  const names = await namespacesWith(prefix)
  for (let round = 0; round < 50; round += 1) {
    const pids = (await Promise.all(names.map(pidsIn))).flat()
    if (pids.length === 0) break
    for (const pid of pids) kill(pid)
    await sleep(20)
  }
  if (names.length > 0)
    await ipBatch(
      undefined,
      names.map((name) => `netns delete ${name}`),
    )
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
      ? [`-6 address add ${address}/128 dev ${link} nodad`, `-6 route add default dev ${link} src ${address}`]
      : [`address add ${address}/32 dev ${link}`, `route add default dev ${link} scope link src ${address}`]
}
