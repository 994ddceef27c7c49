import { API_PORTS } from '../proof/api-ports.ts'
import type { Service } from '../spec/spec.ts'
import { andList, type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import { AGENT_PORT, WATCH_MS } from './ports.ts'

/** What lb.yaml says of services and pools. */
export function serviceRules({ spec: given }: Evidence): RuleFinding[] {
  if (given === undefined) return []
  const { spec, places } = given
  return [
    ...spec.services.flatMap((service) => [
      ...shortTimeouts(service).map(({ key, message }) =>
        finding('API-TIMEOUT', 'warning', [places(['services', service.name, 'timeouts', key])], message, FIX_TIMEOUT),
      ),
      ...(isApi(service) && service.check.kind === 'tcp'
        ? [
            finding(
              'CHECK',
              'warning',
              [places(['services', service.name, 'check'])],
              `the servers of ${service.name} are checked by a connection alone: an API server that hangs, or is not ready, still takes connections`,
              'profile: kubernetes-api, which asks /readyz by TLS',
            ),
          ]
        : []),
      ...(service.port === AGENT_PORT
        ? [
            finding(
              'AGENT-PORT',
              'warning',
              [places(['services', service.name, 'port'])],
              `${service.name} is on port ${AGENT_PORT}, where lb-agent answers for status and metrics on every address of the node: HAProxy cannot listen there as well`,
              'another port, or another one in http.listen of every agent.yaml',
            ),
          ]
        : []),
    ]),
    ...healthPort(given),
    ...connectOnly(given),
    ...loneServers(given),
  ]
}

/** The agent listens before HAProxy is reloaded, so that HAProxy finds the port taken. */
function healthPort({ spec, places }: NonNullable<Evidence['spec']>): RuleFinding[] {
  if (spec.haproxy.healthPort !== AGENT_PORT) return []
  return [
    finding(
      'AGENT-PORT',
      'warning',
      [places(['haproxy', 'healthPort'])],
      `HAProxy is to answer for its health on port ${AGENT_PORT}, where lb-agent answers for status and metrics on every node: HAProxy cannot listen there, and each agent rejects the release`,
      'another port, such as 8405, or another one in http.listen of every agent.yaml',
    ),
  ]
}

const FIX_TIMEOUT = 'profile: kubernetes-api, which has 4h; or a timeout of at least 10m'

function isApi({ profile, port, serverPort }: Service): boolean {
  return profile === 'kubernetes-api' || API_PORTS.includes(port) || API_PORTS.includes(serverPort)
}

/** In mode tcp the tunnel timeout counts once both sides have talked (configuration.txt, `timeout tunnel`). */
function shortTimeouts(service: Service): { key: string; message: string }[] {
  if (!isApi(service)) return []
  const { clientMs, serverMs, tunnelMs } = service.timeouts
  const counted =
    service.mode === 'tcp' ? { tunnel: tunnelMs } : { client: clientMs, server: serverMs, tunnel: tunnelMs }
  return Object.entries(counted)
    .filter(([, ms]) => ms < WATCH_MS)
    .map(([key, ms]) => ({
      key,
      message: `${service.name} ends what is silent for ${ms / 1000} s (timeout ${key}): watches of a Kubernetes API are, and kubectl logs -f`,
    }))
}

function connectOnly({ spec, places }: NonNullable<Evidence['spec']>): RuleFinding[] {
  const services = spec.services.filter((service) => service.check.kind === 'tcp' && !isApi(service))
  if (services.length === 0) return []
  return [
    finding(
      'CHECK',
      'note',
      services.map(({ name }) => places(['services', name])),
      `the servers of ${andList(services.map(({ name }) => name))} are checked by a connection alone: one that takes connections and answers nothing stays in use`,
      'check: { type: http, path: /… } where the servers have a page for it',
    ),
  ]
}

function loneServers({ spec, places }: NonNullable<Evidence['spec']>): RuleFinding[] {
  const used = new Set(spec.services.map(({ pool }) => pool))
  return spec.pools.flatMap(({ name, servers }) => {
    const [only, another] = servers
    if (only === undefined || another !== undefined || !used.has(name)) return []
    return [
      finding(
        'ONE-SERVER',
        'warning',
        [places(['pools', name])],
        `pool ${name} has one server, ${only.name}: when it is down, every balancer is up and nothing is served`,
        'a second server',
      ),
    ]
  })
}
