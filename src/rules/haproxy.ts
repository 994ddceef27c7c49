import type { BindConfig, HaproxyConfig, ProxyConfig, TimeoutName } from '../haproxy-config/config.ts'
import { API_PORTS } from '../proof/api-ports.ts'
import type { Position } from '../spec/problem.ts'
import { andList, type Evidence, finding, isAre } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import { AGENT_PORT, HEALTH_PORT, WATCH_MS } from './ports.ts'

/** The haproxy.cfg of hand-written pairs. What is the same for several of its sections is one finding. */
export function haproxyRules({ haproxy, cluster }: Evidence): RuleFinding[] {
  const vips = new Set(cluster.vips.map(({ address }) => address))
  return haproxy.flatMap((config) => [
    ...shortTimeouts(config),
    ...unchecked(config),
    ...connectOnly(config),
    ...config.proxies.flatMap((proxy) => [
      ...loneServer(proxy),
      ...openStats(config, proxy),
      ...proxy.binds.flatMap((bind) => ofTheAgent(proxy, bind)),
    ]),
    ...notLocal(config, vips),
    ...openSockets(config),
  ])
}

/** Where clients of a backend come in: its own binds, or those of the frontends that lead to it. */
function bindsOf({ proxies }: HaproxyConfig, proxy: ProxyConfig): readonly BindConfig[] {
  if (proxy.kind !== 'backend') return proxy.binds
  return proxies.filter((other) => leadsTo(other, proxy.name)).flatMap(({ binds }) => binds)
}

/** A frontend is one by the servers of where it leads, too. */
function isApi(config: HaproxyConfig, proxy: ProxyConfig): boolean {
  const behind = config.proxies.filter(({ kind, name }) => kind === 'backend' && leadsTo(proxy, name))
  const ports = [...bindsOf(config, proxy), ...[proxy, ...behind].flatMap(({ servers }) => servers)].map(
    ({ port }) => port,
  )
  return ports.some((port) => port !== undefined && API_PORTS.includes(port))
}

function leadsTo({ defaultBackend, useBackends }: ProxyConfig, backend: string): boolean {
  return defaultBackend?.value === backend || useBackends.some(({ name }) => name === backend)
}

/** Which side's timeouts a section may give: a listen has both. */
const TIMEOUTS: Readonly<Record<ProxyConfig['kind'], readonly TimeoutName[]>> = {
  frontend: ['client'],
  backend: ['server'],
  listen: ['client', 'server'],
}

type Short = { proxy: ProxyConfig; name: TimeoutName; value: number; at: Position }

function shortTimeouts(config: HaproxyConfig): RuleFinding[] {
  const groups = Map.groupBy(
    config.proxies.flatMap((proxy) => shortOf(config, proxy)),
    ({ value }) => value,
  )
  return [...groups].map(([value, short]) => {
    const proxies = [...new Set(short.map(({ proxy }) => `${proxy.kind} ${proxy.name}`))]
    const names = [...new Set(short.map(({ name }) => name))]
    return finding(
      'API-TIMEOUT',
      'warning',
      short.map(({ at }) => at),
      `${andList(proxies)} ${proxies.length === 1 ? 'ends' : 'end'} what is silent for ${value / 1000} s (timeout ${andList(names)}): watches of a Kubernetes API are, and kubectl logs -f`,
      `${names.map((name) => `timeout ${name} 4h`).join(', ')}, timeout tunnel 4h`,
    )
  })
}

/** In mode tcp `timeout tunnel` counts for both once both sides have talked (configuration.txt, timeout tunnel). */
function shortOf(config: HaproxyConfig, proxy: ProxyConfig): Short[] {
  if (!isApi(config, proxy)) return []
  const tunnel = tunnelOf(config, proxy)
  if (proxy.mode === 'tcp' && tunnel !== undefined && tunnel >= WATCH_MS) return []
  return TIMEOUTS[proxy.kind].flatMap((name) => {
    const written = proxy.timeouts[name]
    return written === undefined || written.value >= WATCH_MS
      ? []
      : [{ proxy, name, value: written.value, at: written.at }]
  })
}

/** The tunnel timeout is the backend's; a frontend's connections have that of where they go. */
function tunnelOf({ proxies }: HaproxyConfig, proxy: ProxyConfig): number | undefined {
  const to =
    proxy.kind === 'frontend'
      ? proxies.find(({ name, kind }) => kind === 'backend' && name === proxy.defaultBackend?.value)
      : proxy
  return to?.timeouts.tunnel?.value
}

function unchecked({ proxies }: HaproxyConfig): RuleFinding[] {
  return proxies.flatMap((proxy) => {
    const servers = proxy.servers.filter(({ check }) => check === undefined)
    if (servers.length === 0) return []
    return [
      finding(
        'CHECK',
        'warning',
        servers.map(({ at }) => at),
        `${andList(servers.map(({ name }) => name))} of ${proxy.kind} ${proxy.name} ${isAre(servers)} not checked at all: HAProxy sends clients there, dead or not`,
        'check at the end of the server line',
      ),
    ]
  })
}

function connectOnly(config: HaproxyConfig): RuleFinding[] {
  const all = config.proxies.filter(
    ({ servers, check }) => check.kind === 'connect' && servers.some((server) => server.check !== undefined),
  )
  const apis = all.filter((proxy) => isApi(config, proxy))
  const others = all.filter((proxy) => !isApi(config, proxy))
  const named = (proxies: readonly ProxyConfig[]): string => andList(proxies.map(({ kind, name }) => `${kind} ${name}`))
  const places = (proxies: readonly ProxyConfig[]): Position[] => proxies.map(({ check, at }) => check.at ?? at)
  return [
    ...(apis.length === 0
      ? []
      : [
          finding(
            'CHECK',
            'warning',
            places(apis),
            `the servers of ${named(apis)} are checked by a connection alone: an API server that hangs, or is not ready, still takes connections`,
            'option httpchk GET /readyz, and check check-ssl verify none on the servers; K3s answers 401 there: http-check expect status 200,401',
          ),
        ]),
    ...(others.length === 0
      ? []
      : [
          finding(
            'CHECK',
            'note',
            places(others),
            `the servers of ${named(others)} are checked by a connection alone: one that takes connections and answers nothing stays in use`,
            'option httpchk where the servers have a page for it',
          ),
        ]),
  ]
}

function loneServer(proxy: ProxyConfig): RuleFinding[] {
  const [only, another] = proxy.servers
  if (only === undefined || another !== undefined || only.template !== undefined) return []
  return [
    finding(
      'ONE-SERVER',
      'warning',
      [only.at],
      `${proxy.kind} ${proxy.name} has one server, ${only.name}: when it is down, every balancer is up and nothing is served`,
      'a second server',
    ),
  ]
}

function openStats(config: HaproxyConfig, proxy: ProxyConfig): RuleFinding[] {
  const { stats } = proxy
  if (stats === undefined) return []
  const open = bindsOf(config, proxy).filter(isOpen)
  if (open.length === 0 || stats.users.length > 0) return []
  return [
    finding(
      'STATS',
      'warning',
      [stats.at, ...open.map(({ at }) => at)],
      `${proxy.kind} ${proxy.name} shows its statistics to everybody${stats.admin !== undefined ? ', and lets everybody take servers out (stats admin)' : ''}: every server is named there`,
      'bind 127.0.0.1:…, or stats auth USER:PASSWORD',
    ),
  ]
}

function isOpen({ address, path }: Pick<BindConfig, 'address' | 'path'>): boolean {
  return path === undefined && !(address !== undefined && /^(?:127\.|::1$|localhost$)/.test(address))
}

function openSockets({ global }: HaproxyConfig): RuleFinding[] {
  return global.statsSockets.flatMap(({ address, port, path, level, at }) => {
    if (path !== undefined || port === undefined || !isOpen({ address, path })) return []
    return [
      finding(
        'STATS',
        'warning',
        [at],
        `the stats socket listens on port ${port} of ${address ?? 'every address'} with level ${level}: it knows no password`,
        'a UNIX socket: stats socket /run/haproxy/admin.sock mode 660 level admin',
      ),
    ]
  })
}

function ofTheAgent(proxy: ProxyConfig, bind: BindConfig): RuleFinding[] {
  const { port, lastPort = port, address, at } = bind
  if (port === undefined || lastPort === undefined || bind.path !== undefined) return []
  const has = (wanted: number): boolean => port <= wanted && wanted <= lastPort
  const isLoopback = address === undefined || /^127\./.test(address)
  const taken = has(AGENT_PORT) ? AGENT_PORT : has(HEALTH_PORT) && isLoopback ? HEALTH_PORT : undefined
  if (taken === undefined) return []
  return [
    finding(
      'AGENT-PORT',
      'note',
      [at],
      `${proxy.kind} ${proxy.name} listens on port ${taken}, which lb-agent needs on this node: ${taken === AGENT_PORT ? 'status and metrics' : 'HAProxy’s health listener'}`,
      taken === AGENT_PORT ? 'another one in http.listen of agent.yaml' : 'haproxy.healthPort in lb.yaml',
    ),
  ]
}

function notLocal({ proxies }: HaproxyConfig, vips: ReadonlySet<string>): RuleFinding[] {
  const binds = proxies.flatMap((proxy) =>
    proxy.binds.flatMap((bind) =>
      bind.address !== undefined && vips.has(bind.address) ? [{ proxy, ...bind, address: bind.address }] : [],
    ),
  )
  const found = (isTransparent: boolean): RuleFinding[] => {
    const group = binds.filter(({ transparent }) => transparent === isTransparent)
    if (group.length === 0) return []
    const names = [...new Set(group.map(({ proxy }) => `${proxy.kind} ${proxy.name}`))]
    const addresses = andList([...new Set(group.map(({ address }) => address))])
    const said = `${andList(names)} ${names.length === 1 ? 'binds' : 'bind'} ${addresses}`
    const places = group.map(({ at }) => at)
    return isTransparent
      ? [
          finding(
            'NONLOCAL-BIND',
            'note',
            places,
            `${said} transparent: that needs HAProxy to be started as root, with TPROXY in its build`,
            'net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d does without',
          ),
        ]
      : [
          finding(
            'NONLOCAL-BIND',
            'warning',
            places,
            `${said}, which only the MASTER has: on the others HAProxy does not start, unless net.ipv4.ip_nonlocal_bind is 1 there`,
            'net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d on every node',
          ),
        ]
  }
  return [...found(false), ...found(true)]
}
