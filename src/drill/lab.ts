import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Server, Spec } from '../spec/spec.ts'
import { type Child, startChild } from './child.ts'
import { type Client, startClient } from './client.ts'
import { inNamespace } from './ip.ts'
import type { LabPort } from './lab-server.ts'
import { createNetwork, type Host, type Network, removeNamespaces } from './network.ts'
import { builtProgram, type Program } from './program.ts'

/** Root-owned in every component: keepalived runs no check script below a directory that others may write. */
export const LABS = '/run/lb-agent-lab'

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
  stopServer(name: string): void
  startClient(everyMs: number): Client
  close(): Promise<void>
}

/** Builds the lab; whatever was made is removed again when that fails or `signal` comes. Needs root. */
export async function createLab(spec: Spec, signal?: AbortSignal): Promise<Lab> {
  const id = randomBytes(3).toString('hex')
  const directory = join(LABS, id)
  const program = builtProgram()
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  writeFileSync(join(directory, 'owner'), `${process.pid}\n`)
  const children = new Map<string, Child>()
  let network: Network | undefined
  const close = async (): Promise<void> => {
    for (const child of children.values()) child.close()
    await network?.close()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const made = await createNetwork(id, hostsOf(spec), signal)
    network = made
    await createCertificate(directory)
    const startServer = async (name: string, ports: readonly LabPort[]): Promise<void> => {
      const options = { name, ports, keyFile: join(directory, 'tls.key'), certificateFile: join(directory, 'tls.crt') }
      const argv = [program.node, program.bundle, 'lab-server', JSON.stringify(options)]
      const child = startChild(made.namespace(name), argv, join(directory, `${name}.log`))
      children.set(name, child)
      await child.nextLine()
    }
    await Promise.all(serversOf(spec).map(({ name, ports }) => startServer(name, ports)))
    return {
      id,
      directory,
      program,
      network: made,
      nodeDirectory: (node) => join(directory, 'nodes', node),
      holdersOf: (address) => holdersOf(spec, made, address),
      addServer: async ({ name, address }, ports) => {
        await made.add({ name, addresses: [address], interface: 'eth0' })
        await startServer(name, ports)
      },
      stopServer: (name) => children.get(name)?.close(),
      startClient: (everyMs) => {
        const targets = spec.services.map(({ name, vip, port }) => ({ name, address: addressOf(spec, vip), port }))
        const logFile = join(directory, 'client.log')
        return startClient({ program, namespace: made.namespace(CLIENT), targets, everyMs, logFile })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Removes labs whose drill is dead (killed, power cut). Returns their ids. */
export async function removeLeftovers(): Promise<string[]> {
  const removed: string[] = []
  for (const id of readDirectory(LABS)) {
    const owner = Number(readOptional(join(LABS, id, 'owner')))
    if (Number.isInteger(owner) && owner > 1 && isDrill(owner)) continue
    await removeNamespaces(`lb-${id}-`)
    rmSync(join(LABS, id), { recursive: true, force: true })
    removed.push(id)
  }
  return removed
}

const CLIENT = '.client'

function hostsOf(spec: Spec): Host[] {
  const usesIpv6 =
    spec.nodes.some(({ address }) => address.includes(':')) || spec.vips.some(({ address }) => address.includes(':'))
  const nodes = spec.nodes.map((node) => ({ name: node.name, addresses: [node.address], interface: node.interface }))
  const servers = serversOf(spec).map(({ name, addresses }) => ({ name, addresses, interface: 'eth0' }))
  // 198.18.0.0/15 is set aside for tests of network devices (RFC 2544).
  const client = { name: CLIENT, addresses: ['198.18.0.1', ...(usesIpv6 ? ['2001:2::1'] : [])], interface: 'eth0' }
  return [...nodes, ...servers, client]
}

/** One machine per address, with a port for every service that uses it. */
function serversOf(spec: Spec): { name: string; addresses: string[]; ports: LabPort[] }[] {
  const machines = new Map<string, { name: string; addresses: string[]; ports: LabPort[] }>()
  for (const service of spec.services) {
    const pool = spec.pools.find(({ name }) => name === service.pool)
    for (const server of pool?.servers ?? []) {
      const machine = machines.get(server.address) ?? { name: server.name, addresses: [server.address], ports: [] }
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

function isDrill(pid: number): boolean {
  return readOptional(`/proc/${pid}/cmdline`).length > 0
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
