import type { BindConfig, HaproxyConfig, ProxyConfig, TimeoutName } from '../haproxy-config/config.ts'
import type { Position } from '../spec/problem.ts'
import { andList, type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import { AGENT_PORT, API_PORTS, HEALTH_PORT, WATCH_MS } from './ports.ts'

/** The haproxy.cfg of hand-written pairs. */
export function haproxyRules({ haproxy, cluster }: Evidence): RuleFinding[] {
  const vips = new Set(cluster.vips.map(({ address }) => address))
  return haproxy.flatMap((config) => [
    ...config.proxies.flatMap((proxy) => [
      ...shortTimeouts(config, proxy),
      ...connectOnly(config, proxy),
      ...loneServer(config, proxy),
      ...openStats(config, proxy),
      ...proxy.binds.flatMap((bind) => [...ofTheAgent(proxy, bind), ...notLocal(proxy, bind, vips)]),
    ]),
    ...openSockets(config),
  ])
}

/** Where clients of a backend come in: its own binds, or those of the frontends that lead to it. */
function bindsOf({ proxies }: HaproxyConfig, proxy: ProxyConfig): readonly BindConfig[] {
  if (proxy.kind !== 'backend') return proxy.binds
  return proxies
    .filter(
      ({ defaultBackend, useBackends }) =>
        defaultBackend?.value === proxy.name || useBackends.some(({ name }) => name === proxy.name),
    )
    .flatMap(({ binds }) => binds)
}

function isApi(config: HaproxyConfig, proxy: ProxyConfig): boolean {
  const ports = [...bindsOf(config, proxy), ...proxy.servers].map(({ port }) => port)
  return ports.some((port) => port !== undefined && API_PORTS.includes(port))
}

/** Which side's timeouts a section may give: a listen has both. */
const TIMEOUTS: Readonly<Record<ProxyConfig['kind'], readonly TimeoutName[]>> = {
  frontend: ['client'],
  backend: ['server'],
  listen: ['client', 'server'],
}

/** In mode tcp `timeout tunnel` counts for both once both sides have talked (configuration.txt, timeout tunnel). */
function shortTimeouts(config: HaproxyConfig, proxy: ProxyConfig): RuleFinding[] {
  if (!isApi(config, proxy)) return []
  const tunnel = tunnelOf(config, proxy)
  if (proxy.mode === 'tcp' && tunnel !== undefined && tunnel >= WATCH_MS) return []
  return TIMEOUTS[proxy.kind].flatMap((name) => {
    const written = proxy.timeouts[name]
    if (written === undefined || written.value >= WATCH_MS) return []
    return [
      finding(
        'API-TIMEOUT',
        'warning',
        [written.at, proxy.at],
        `${proxy.kind} ${proxy.name} ends what is silent for ${written.value / 1000} s (timeout ${name}): watches of a Kubernetes API are, and kubectl logs -f`,
        `timeout ${name} 4h, timeout tunnel 4h`,
      ),
    ]
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

function connectOnly(config: HaproxyConfig, proxy: ProxyConfig): RuleFinding[] {
  const unchecked = proxy.servers.filter(({ check }) => check === undefined)
  if (proxy.servers.length === 0) return []
  const what = `${proxy.kind} ${proxy.name}`
  if (unchecked.length > 0)
    return [
      finding(
        'CHECK',
        'warning',
        unchecked.map(({ at }) => at),
        `${andList(unchecked.map(({ name }) => name))} of ${what} ${unchecked.length === 1 ? 'is' : 'are'} not checked at all: HAProxy sends clients there, dead or not`,
        'check at the end of the server line',
      ),
    ]
  if (proxy.check.kind !== 'connect') return []
  const api = isApi(config, proxy)
  return [
    finding(
      'CHECK',
      api ? 'warning' : 'note',
      [proxy.check.at ?? proxy.at],
      api
        ? `the servers of ${what} are checked by a connection alone: an API server that hangs, or is not ready, still takes connections`
        : `the servers of ${what} are checked by a connection alone: one that takes connections and answers nothing stays in use`,
      api ? 'option httpchk GET /readyz, check-ssl verify none' : 'option httpchk where the servers have a page for it',
    ),
  ]
}

function loneServer(_: HaproxyConfig, proxy: ProxyConfig): RuleFinding[] {
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

function notLocal(proxy: ProxyConfig, bind: BindConfig, vips: ReadonlySet<string>): RuleFinding[] {
  const { address, transparent, at } = bind
  if (address === undefined || !vips.has(address)) return []
  const places: Position[] = [at]
  return [
    transparent
      ? finding(
          'NONLOCAL-BIND',
          'note',
          places,
          `${proxy.kind} ${proxy.name} binds ${address} transparent: that needs HAProxy to be started as root, with TPROXY in its build`,
          'net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d does without',
        )
      : finding(
          'NONLOCAL-BIND',
          'warning',
          places,
          `${proxy.kind} ${proxy.name} binds ${address}, which only the MASTER has: on the others HAProxy does not start, unless net.ipv4.ip_nonlocal_bind is 1 there`,
          'net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d on every node',
        ),
  ]
}
