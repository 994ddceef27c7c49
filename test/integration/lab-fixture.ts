import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Client, startClient } from '../../src/drill/client.ts'
import { namespacesWith } from '../../src/drill/ip.ts'
import { createLab, LABS, type Lab } from '../../src/drill/lab.ts'
import type { Target } from '../../src/drill/lab-client.ts'
import type { Program } from '../../src/program.ts'
import type { Server, Service, Spec } from '../../src/spec/spec.ts'

/** The lab's processes from source, so that these tests see the code beside them and not a build. */
export const fromSource: Program = {
  directory: join(import.meta.dirname, '../../dist'),
  node: process.execPath,
  bundle: join(import.meta.dirname, '../../src/drill/lab-process.ts'),
  launcher: join(import.meta.dirname, '../../dist/lb-agent'),
}

/** False: labs can be built here. In CI a skip is a failure, so there the tests run and say what is missing. */
export const skip = process.getuid?.() !== 0 && process.env['CI'] === undefined ? 'labs need root' : false

export function server(name: string, address: string): Server {
  return { name, address, port: undefined, weight: 100, backup: false }
}

/** A service of VIP `v`; what a lab does not read is filled with anything. */
export function service(name: string, port: number, pool: string, more: Partial<Service> = {}): Service {
  return {
    name,
    vip: 'v',
    port,
    pool,
    profile: 'tcp',
    mode: 'tcp',
    balance: 'roundrobin',
    serverPort: port,
    minimumServers: 1,
    sendProxy: 'none',
    check: { kind: 'tcp', intervalMs: 1000, rise: 2, fall: 2 },
    timeouts: { connectMs: 1000, clientMs: 1000, serverMs: 1000, tunnelMs: 1000 },
    ...more,
  }
}

/** Two nodes, one VIP, two servers on port 80. */
export function smallSpec(more: Partial<Spec> = {}): Spec {
  return {
    version: 1,
    cluster: 'lab-test',
    nodes: [
      { name: 'one', address: '10.9.0.1', interface: 'eth0' },
      { name: 'two', address: '192.168.77.2', interface: 'br0' },
    ],
    vrrp: { transport: 'unicast', advertIntervalMs: 100, failbackMs: 10_000, dampingMs: 2_000 },
    vips: [
      {
        name: 'v',
        address: '10.9.0.100',
        prefixLength: 32,
        virtualRouterId: 7,
        prefer: ['one', 'two'],
        extraAddresses: [],
        requireHealthyOnce: false,
      },
    ],
    pools: [{ name: 'web', servers: [server('alpha', '10.9.1.1'), server('beta', '10.9.1.2')] }],
    services: [service('web', 80, 'web')],
    haproxy: { maxConnections: 1000, log: 'errors', hardStopAfterMs: 1000, healthPort: 8405 },
    accept: [],
    ...more,
  }
}

/** A lab that is gone at the end of the test, whatever happens in it. */
export async function labFor(t: TestContext, spec: Spec): Promise<Lab> {
  const lab = await createLab(spec, undefined, fromSource)
  t.after(() => lab.close())
  return lab
}

export function clientOf(lab: Lab, targets: readonly Target[], everyMs: number): Client {
  return startClient({
    program: fromSource,
    namespace: lab.network.namespace('.client'),
    targets,
    everyMs,
    logFile: join(lab.directory, 'client.log'),
  })
}

/** What is left of a lab: namespaces, processes, its directory. */
export async function remains(id: string): Promise<string[]> {
  const processes = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`${LABS}/${id}`),
  )
  const directories = existsSync(join(LABS, id)) ? [join(LABS, id)] : []
  return [...(await namespacesWith(`lb-${id}-`)), ...processes, ...directories]
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
