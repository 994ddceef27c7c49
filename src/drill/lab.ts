import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { builtProgram, type Program } from '../program.ts'
import type { Server, Spec } from '../spec/spec.ts'
import { type Child, startChild } from './child.ts'
import { type Client, startClient } from './client.ts'
import { inNamespace } from './ip.ts'
import type { LabPort } from './lab-server.ts'
import { claim, LABS } from './leftovers.ts'
import { createNetwork, type Host, type Network } from './network.ts'

export { LABS, removeLeftovers } from './leftovers.ts'

/** The machines of a spec as network namespaces: balancers without agents yet, servers that answer, a client's seat. */
export type Lab = {
  id: string
  directory: string
  program: Program
  network: Network
  /** A directory of the lab that is this balancer's own. */
  nodeDirectory(node: string): string
  /** Kernel truth: balancers that have the VIP's address now. */
  holdersOf(address: string): Promise<string[]>
  addServer(server: Pick<Server, 'name' | 'address'>, ports: readonly LabPort[]): Promise<void>
  /** Kills a server; its machine stays, and refuses connections. */
  stopServer(name: string): Promise<void>
  /** Starts a stopped server again; returns once it answers. */
  startServer(name: string): Promise<void>
  /** The machines that have these addresses. */
  serversOf(addresses: readonly string[]): string[]
  /** A client that asks these services (default: all of the spec). */
  startClient(everyMs: number, services?: readonly string[]): Client
  close(): Promise<void>
}

/**
 * Builds the lab; whatever was made is removed again when that fails or `signal` comes. Needs root. `program` is what its
 * servers and its client are started from.
 */
export async function createLab(spec: Spec, signal?: AbortSignal, program = builtProgram()): Promise<Lab> {
  signal?.throwIfAborted()
  const id = randomBytes(3).toString('hex')
  const directory = createDirectory(id)
  const children = new Map<string, Child>()
  let network: Network | undefined
  const closeChildren = (): Promise<unknown> => Promise.all([...children.values()].map((child) => child.close()))
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      void closeChildren()
      await network?.close()
      rmSync(directory, { recursive: true, force: true })
    })()
    return closing
  }
  // A server that is being waited for ends, and so does the waiting.
  const onAbort = (): void => void closeChildren()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const servers = new Map(serversOf(spec).map((machine) => [machine.host, machine]))
    const building = createNetwork(id, hostsOf(spec), signal).then((built) => {
      network = built
      return built
    })
    const [made] = await allDone([building, createCertificate(directory)] as const)
    const startServer = async (host: string): Promise<void> => {
      signal?.throwIfAborted()
      const { name, ports } = servers.get(host) ?? unknownServer(host)
      const options = { name, ports, keyFile: join(directory, 'tls.key'), certificateFile: join(directory, 'tls.crt') }
      const argv = [program.node, program.bundle, 'lab-server', JSON.stringify(options)]
      const child = startChild(made.namespace(host), argv, join(directory, `${host}.log`))
      children.set(host, child)
      await child.nextLine()
    }
    await allDone([...servers.keys()].map(startServer))
    signal?.throwIfAborted()
    return {
      id,
      directory,
      program,
      network: made,
      nodeDirectory: (node) => join(directory, 'nodes', node),
      holdersOf: (address) => holdersOf(spec, made, address),
      addServer: async ({ name, address }, ports) => {
        await made.add({ name, addresses: [address], interface: 'eth0' })
        servers.set(name, { host: name, name, addresses: [address], ports: [...ports] })
        await startServer(name)
      },
      stopServer: async (host) => (children.get(host) ?? unknownServer(host)).close(),
      startServer,
      serversOf: (addresses) =>
        [...servers.values()]
          .filter((machine) => machine.addresses.some((one) => addresses.includes(one)))
          .map(({ host }) => host),
      startClient: (everyMs, services) => {
        const targets = spec.services
          .filter(({ name }) => services?.includes(name) ?? true)
          .map(({ name, vip, port }) => ({ name, address: addressOf(spec, vip), port }))
        const logFile = join(directory, 'client.log')
        return startClient({ program, namespace: made.namespace(CLIENT), targets, everyMs, logFile })
      },
      close,
    }
  } catch (error) {
    await close()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** The results of all, or the first failure, but only once all have ended. */
async function allDone<T extends readonly unknown[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

function createDirectory(id: string): string {
  const directory = join(LABS, id)
  mkdirSync(directory, { recursive: true })
  for (const path of [LABS, directory]) chmodSync(path, 0o755)
  claim(directory)
  return directory
}

function unknownServer(name: string): never {
  throw new Error(`the lab has no server ${name}`)
}

const CLIENT = '.client'

/** Every machine has an address of each IP version that the spec speaks of: a node routes both, whatever lb.yaml names. */
function hostsOf(spec: Spec): Host[] {
  const nodes = spec.nodes.map((node) => ({ name: node.name, addresses: [node.address], interface: node.interface }))
  const servers = serversOf(spec).map(({ host, addresses }) => ({ name: host, addresses, interface: 'eth0' }))
  const client = { name: CLIENT, addresses: [] as string[], interface: 'eth0' }
  const hosts = [...nodes, ...servers, client]
  const vips = spec.vips.flatMap(({ address, extraAddresses }) => [
    address,
    ...extraAddresses.map((extra) => extra.address),
  ])
  const used = new Set([...hosts.flatMap(({ addresses }) => addresses), ...vips])
  // Both are set aside for tests of network devices (RFC 2544, RFC 5180).
  const prefixes = [...used].some(isIpv6) ? ['198.18.0.', '2001:2::'] : ['198.18.0.']
  return hosts.map((host) => ({
    ...host,
    addresses: [
      ...host.addresses,
      ...prefixes
        .filter((prefix) => !host.addresses.some((address) => isIpv6(address) === isIpv6(prefix)))
        .map((prefix) => takeUnused(prefix, used)),
    ],
  }))
}

function isIpv6(address: string): boolean {
  return address.includes(':')
}

function takeUnused(prefix: string, used: Set<string>): string {
  for (let last = 1; last < 255; last += 1) {
    const address = `${prefix}${last.toString(isIpv6(prefix) ? 16 : 10)}`
    if (used.has(address)) continue
    used.add(address)
    return address
  }
  throw new Error(`no address of ${prefix}… is left for the lab`)
}

type Machine = { host: string; name: string; addresses: string[]; ports: LabPort[] }

/** One machine per address, with a port for every service that uses it. A name that is taken gets its pool's before it. */
function serversOf(spec: Spec): Machine[] {
  const machines = new Map<string, Machine>()
  const taken = new Set(spec.nodes.map(({ name }) => name))
  for (const service of spec.services) {
    const pool = spec.pools.find(({ name }) => name === service.pool)
    for (const server of pool?.servers ?? []) {
      const host = taken.has(server.name) ? `.${service.pool}.${server.name}` : server.name
      const machine = machines.get(server.address) ?? {
        host,
        name: server.name,
        addresses: [server.address],
        ports: [],
      }
      taken.add(machine.host)
      machines.set(server.address, machine)
      const port = labPort(service, server)
      if (!machine.ports.some((known) => known.port === port.port)) machine.ports.push(port)
    }
  }
  return [...machines.values()]
}

/** What the lab's server answers for one service. */
export function labPort(service: Spec['services'][number], server: Pick<Server, 'port'>): LabPort {
  return {
    port: server.port ?? service.serverPort,
    proxyProtocol: service.sendProxy === 'v2',
    unauthorized: service.profile === 'kubernetes-api',
  }
}

async function holdersOf(spec: Spec, network: Network, address: string): Promise<string[]> {
  const found = await Promise.all(
    spec.nodes.map(async ({ name }) => {
      const addresses = await inNamespace(network.namespace(name), ['ip', '-o', 'address', 'show'])
      return addresses.includes(` ${address}/`) ? [name] : []
    }),
  )
  return found.flat()
}

function addressOf(spec: Spec, vip: string): string {
  return spec.vips.find(({ name }) => name === vip)?.address ?? ''
}

/** The servers' certificate; the balancers do not verify it, as for an API server with a CA of its own. */
async function createCertificate(directory: string): Promise<void> {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=lab',
  ]
  const files = ['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.crt')]
  const made = await exec('openssl', [...args, ...files], { timeoutMs: 10_000 })
  if (!succeeded(made)) throw new Error(`openssl req: ${describeFailure(made)}`)
}
