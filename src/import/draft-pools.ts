import type { ServerConfig } from '../haproxy-config/config.ts'
import { parseIpAddress } from '../spec/address.ts'
import type { DraftPool, DraftServer } from './draft.ts'
import { unlike, usableName } from './names.ts'
import { type OldCluster, shortPlace } from './old-cluster.ts'
import type { LeftOut, OldService } from './old-services.ts'

/** `serverPort`: what most of the servers listen on. undefined: no server can be carried over. */
export type ServicePool = { pool: DraftPool; serverPort: number }

/** One pool for all services with the same servers, whatever their ports. */
export function draftPools(
  services: readonly OldService[],
  cluster: Pick<OldCluster, 'groups' | 'addresses'>,
): (ServicePool | undefined)[] {
  const pools: { key: string; pool: DraftPool }[] = []
  return services.map((service) => {
    const serverPort = mostUsedPort(service)
    const { servers, comments, leftOut } = draftServers(service, serverPort, cluster.addresses)
    if (servers.length === 0) return undefined
    const bare = servers.map(({ found: _, ...server }) => server)
    const key = JSON.stringify([bare, comments.map((comment) => comment.replace(/\(.*\)/, ''))])
    const same = pools.find((one) => one.key === key)
    if (same) return { pool: same.pool, serverPort }
    const name = unlike(
      poolName(service, servers, cluster.groups),
      pools.map(({ pool }) => pool.name),
    )
    const pool = { name, servers, comments, leftOut }
    pools.push({ key, pool })
    return { pool, serverPort }
  })
}

function mostUsedPort({ backend, port }: OldService): number {
  const ports = backend.servers.map((server) => server.port ?? port)
  const count = (value: number) => ports.filter((other) => other === value).length
  return ports.toSorted((a, b) => count(b) - count(a))[0] ?? port
}

/** A group of the inventory with the same addresses, or else the backend's name without the word for it. */
function poolName(
  { backend, frontend }: OldService,
  servers: readonly DraftServer[],
  groups: OldCluster['groups'],
): string {
  const addresses = JSON.stringify(servers.map(({ address }) => address).sort())
  const [group] =
    [...groups].find(([name, hosts]) => name !== 'all' && JSON.stringify([...hosts].sort()) === addresses) ?? []
  const bare = backend.name.replace(/[-_.]?(?:backend|servers|pool|be|back)$/i, '') || frontend.name
  return usableName(group ?? bare, 'pool')
}

function draftServers(
  { backend, port: servicePort }: OldService,
  serverPort: number,
  addresses: OldCluster['addresses'],
): Omit<DraftPool, 'name'> {
  const servers: DraftServer[] = []
  const comments: string[] = []
  const leftOut: LeftOut[] = []
  for (const server of backend.servers) {
    const address = parseIpAddress(server.address)?.text ?? addresses.get(server.address)
    const why = whyNot(server)
    const place = shortPlace(server.at)
    if (why !== undefined) {
      comments.push(`${server.name} (${place}) ${why}.`)
      leftOut.push({ what: `server ${server.name}`, why: `it ${why}`, at: server.at })
    } else {
      if (address === undefined)
        comments.push(`${server.name} (${place}) is at ${server.address}, and lb.yaml takes addresses; put one in.`)
      const name = unlike(
        usableName(server.name, 'server'),
        servers.map((one) => one.name),
      )
      const port = server.port ?? servicePort
      servers.push({
        ...{ name, address },
        ...(address === undefined && { found: `${place} says ${server.address}, and lb.yaml takes addresses` }),
        ...(port !== serverPort && { port }),
        ...(weightOf(server, backend.servers) !== 1 && { weight: weightOf(server, backend.servers) }),
        ...(server.backup && { backup: true as const }),
      })
    }
  }
  return { servers, comments, leftOut }
}

function whyNot(server: ServerConfig): string | undefined {
  if (server.template !== undefined) return `is a template for ${server.template} servers; name each of them`
  if (server.disabled) return 'is disabled, and was left out'
  if (server.ssl) return 'is spoken to by TLS, which lb-agent leaves to clients and servers; it was left out'
  // Such as /run/app.sock and abns@app. A name may be put where an address is: ipv4@app.lan.
  if (/^\/|@\/|^(?!ipv[46]@)\w+@/.test(server.address))
    return `is at ${server.address}, which is no address; it was left out`
  return undefined
}

/** Equal weights say nothing, whatever their number. */
function weightOf({ weight }: ServerConfig, servers: readonly ServerConfig[]): number {
  return servers.every((other) => other.weight === weight) ? 1 : Math.min(weight, 256)
}
