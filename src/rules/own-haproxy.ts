import type { BindConfig, HaproxyConfig } from '../haproxy-config/config.ts'
import { canonicalAddress } from '../proof/canonical-address.ts'
import type { ExpectedService } from '../render/expectation.ts'
import type { Position } from '../spec/problem.ts'
import { finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import type { OwnFiles } from './own-files.ts'

/** What the agent asks an haproxy.cfg of the repository's own for, and what clients of each service do. */
export function ownHaproxyRules(files: OwnFiles, config: HaproxyConfig): RuleFinding[] {
  const { expected } = files
  const whole: Position = { file: config.file, line: 0, col: 0 }
  const vips = new Set(expected.vips.map(({ name }) => name))
  return [
    ...releaseRules(files, config, whole),
    ...healthRules(files, config, whole),
    ...expected.services
      .filter(({ vip }) => vips.has(vip))
      .flatMap((service) => [...bindRules(service, config, whole), ...backendRules(service, config, whole)]),
  ]
}

/** confirm-haproxy.ts asks the stats socket for the description. */
function releaseRules({ release, statsSocket }: OwnFiles, config: HaproxyConfig, whole: Position): RuleFinding[] {
  const descriptions = config.sections
    .filter(({ kind }) => kind === 'global')
    .flatMap(({ lines }) => lines.filter(({ words }) => words[0] === 'description'))
  const last = descriptions.at(-1)
  return [
    ...(last?.words.at(-1)?.endsWith(release) === true
      ? []
      : [
          finding(
            'TEMPLATE',
            'error',
            [last?.at ?? whole],
            'the description in global does not end with the release: the agent knows by it that a reload has worked, and rejects the release without',
            'description {{ cluster }}/{{ node }} {{ release }} in global',
          ),
        ]),
    ...(config.global.statsSockets.some(({ path }) => path === statsSocket)
      ? []
      : [
          finding(
            'TEMPLATE',
            'error',
            [config.global.statsSockets[0]?.at ?? whole],
            'there is no stats socket where the agent asks HAProxy: it cannot tell that a reload has worked, and rejects the release',
            'stats socket {{ stats_socket }} mode 660 group {{ group }} level admin in global',
          ),
        ]),
  ]
}

function healthRules({ expected }: OwnFiles, { proxies }: HaproxyConfig, whole: Position): RuleFinding[] {
  const { healthPort } = expected
  const asked = proxies.filter(({ binds }) => binds.some((bind) => listensAt(bind, '127.0.0.1', healthPort)))
  const [first] = asked
  if (first === undefined)
    return [
      finding(
        'TEMPLATE',
        'error',
        [whole],
        `nothing listens on 127.0.0.1:${healthPort}: the agent asks there for /alive, keeps the gate closed without an answer, and rejects the release`,
        'the frontend lb-agent:health of lb-agent’s own template, with bind 127.0.0.1:{{ health_port }}',
      ),
    ]
  if (asked.some(({ lines }) => lines.some(({ words }) => words.some((word) => word.includes('/alive'))))) return []
  return [
    finding(
      'TEMPLATE',
      'warning',
      [first.at],
      `nothing in ${first.name} names /alive: the agent asks for it there, and rejects the release unless the answer is 200`,
      'http-request return status 200 content-type text/plain string alive if { path /alive }',
    ),
  ]
}

function bindRules(service: ExpectedService, { proxies }: HaproxyConfig, whole: Position): RuleFinding[] {
  const binds = proxies.flatMap((proxy) => proxy.binds)
  // A variable may be any address, a socket handed over by another process any port.
  if (binds.some(isUnknown)) return []
  if (binds.some((bind) => listensAt(bind, service.address, service.port))) return []
  return [
    finding(
      'TEMPLATE',
      'error',
      [whole],
      `nothing listens on ${service.address}:${service.port} for ${service.name}: its clients are refused on whatever node has the VIP`,
      'bind each of service.binds in a frontend',
    ),
  ]
}

function backendRules({ name, backend }: ExpectedService, config: HaproxyConfig, whole: Position): RuleFinding[] {
  const found = config.proxies.find((proxy) => proxy.name === backend && proxy.kind !== 'frontend')
  if (found !== undefined && found.servers.length > 0) return []
  return [
    finding(
      'TEMPLATE',
      'warning',
      [found?.at ?? whole],
      `no server is in a backend ${backend}: the agent looks for those of ${name} there and takes all for lost, so no node is better than another, and a release that ends a backend with servers is rolled back`,
      'backend {{ service.backend }} with the servers of service.servers',
    ),
  ]
}

function isUnknown({ address, path, port }: BindConfig): boolean {
  return path === undefined ? port === undefined || address?.includes('$') === true : !path.startsWith('/')
}

function listensAt({ address, family, path, port, lastPort }: BindConfig, wanted: string, at: number): boolean {
  if (path !== undefined || port === undefined || at < port || at > (lastPort ?? port)) return false
  if (address === undefined) return family === 6 || !wanted.includes(':')
  return canonicalAddress(address) === canonicalAddress(wanted)
}
