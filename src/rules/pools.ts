import type { Server, Service, Spec } from '../spec/spec.ts'
import { type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/**
 * Pools of lb.yaml that cannot do what a service wants of them, and what no service wants. Warnings at most: each of them serves something today, or may be meant so for
 * a while, and an upgrade must not reject it.
 */
export function poolRules({ spec: given }: Evidence): RuleFinding[] {
  if (given === undefined) return []
  const { spec } = given
  return [
    ...spec.services.flatMap((service) => {
      const servers = serversOf(spec, service)
      return [...tooFew(given, service, servers), ...withoutWeight(given, service, servers), ...loop(given, service)]
    }),
    ...unused(given),
  ]
}

function unused({ spec, places }: Given): RuleFinding[] {
  const vips = spec.vips.filter(({ name }) => !spec.services.some(({ vip }) => vip === name))
  const pools = spec.pools.filter(({ name }) => !spec.services.some(({ pool }) => pool === name))
  return [
    ...vips.map(({ name, address }) =>
      finding(
        'VIP-UNUSED',
        'warning',
        [places(['vips', name])],
        `no service is on VIP ${name}: a node holds ${address}, and HAProxy answers nobody there`,
        `a service with vip: ${name}; if another program listens there, accept it`,
      ),
    ),
    ...pools.map(({ name }) =>
      finding(
        'POOL-UNUSED',
        'note',
        [places(['pools', name])],
        `no service uses pool ${name}: its servers get no connections`,
        `a service with pool: ${name}, or no such pool`,
      ),
    ),
  ]
}

type Given = NonNullable<Evidence['spec']>

function serversOf({ pools }: Spec, service: Service): readonly Server[] {
  return pools.find(({ name }) => name === service.pool)?.servers ?? []
}

function tooFew({ places }: Given, { name, pool, minimumServers }: Service, servers: readonly Server[]): RuleFinding[] {
  if (servers.length === 0 || minimumServers <= servers.length) return []
  const has = servers.length === 1 ? 'one' : servers.length
  return [
    finding(
      'POOL-MINIMUM',
      'warning',
      [places(['services', name, 'minimumServers']), places(['pools', pool])],
      `${name} wants ${minimumServers} servers up, and pool ${pool} has ${has}: the service counts as down for ever, on every node`,
      `minimumServers of at most ${servers.length}`,
    ),
  ]
}

/** HAProxy gives a server of weight 0 no new connections, be it the last one (configuration.txt, `weight`). */
function withoutWeight({ places }: Given, { pool }: Service, servers: readonly Server[]): RuleFinding[] {
  if (servers.length === 0 || servers.some(({ weight }) => weight > 0)) return []
  return [
    finding(
      'POOL-WEIGHT',
      'warning',
      [places(['pools', pool])],
      `every server of pool ${pool} has weight 0: none of them gets new connections`,
      'a weight of at least 1 for one of them',
    ),
  ]
}

/** A server that is a service of this lb.yaml leads to the servers of that one. */
function loop({ spec, places }: Given, service: Service): RuleFinding[] {
  return serversOf(spec, service).flatMap((server) => {
    const next = behind(spec, service, server)
    if (next === undefined || !leadsTo(spec, next, service, new Set())) return []
    const port = server.port ?? service.serverPort
    const way = next === service ? 'that very service' : `service ${next.name}, which leads back to it`
    return [
      finding(
        'POOL-LOOP',
        'warning',
        [places(['pools', service.pool, server.name])],
        `server ${server.name} of ${service.name} is ${server.address} port ${port}, ${way}: a connection to it goes round until every port is used up`,
        'the address of a machine that serves',
      ),
    ]
  })
}

function behind({ vips, services }: Spec, service: Service, { address, port }: Server): Service | undefined {
  return services.find((other) => {
    const vip = vips.find(({ name }) => name === other.vip)
    const addresses = vip === undefined ? [] : [vip, ...vip.extraAddresses].map((one) => one.address)
    return other.port === (port ?? service.serverPort) && addresses.includes(address)
  })
}

function leadsTo(spec: Spec, from: Service, to: Service, seen: Set<Service>): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  return serversOf(spec, from).some((server) => {
    const next = behind(spec, from, server)
    return next !== undefined && leadsTo(spec, next, to, seen)
  })
}
