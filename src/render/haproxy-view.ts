import { endpoint, parseIpAddress } from '../spec/address.ts'
import { formatDuration } from '../spec/duration.ts'
import type { Check, Server, Service, Spec, Vip } from '../spec/spec.ts'
import { backendName } from './expectation.ts'
import { type RenderTarget, SERVER_STATE_FILE, statsSocketOf } from './render-target.ts'

/** Connections that no single service can take: the health listener's share of HAProxy's total. */
const SPARE_CONNECTIONS = 100

/** The variables of haproxy.cfg.j2, which describes them. */
export function haproxyView(spec: Spec, target: RenderTarget) {
  return {
    cluster: spec.cluster,
    node: target.node,
    release: target.release,
    user: target.haproxy.user,
    group: target.haproxy.group,
    max_connections: spec.haproxy.maxConnections,
    total_connections: spec.haproxy.maxConnections + SPARE_CONNECTIONS,
    hard_stop_after: formatDuration(spec.haproxy.hardStopAfterMs),
    log_normal: spec.haproxy.log === 'all',
    health_port: spec.haproxy.healthPort,
    serves_metrics: target.metrics.haproxy === 'builtin',
    stats_socket: statsSocketOf(target),
    server_state_file: `${target.paths.state}/${SERVER_STATE_FILE}`,
    services: spec.services.map((service) => serviceView(spec, service)),
  }
}

function serviceView(spec: Spec, service: Service) {
  const vip = spec.vips.find(({ name }) => name === service.vip)
  const pool = spec.pools.find(({ name }) => name === service.pool)
  const { timeouts, check } = service
  const servers = pool?.servers ?? []
  const width = Math.max(0, ...servers.map(({ name }) => name.length))
  return {
    name: service.name,
    backend: backendName(service.name),
    vip: service.vip,
    pool: service.pool,
    profile: service.profile,
    mode: service.mode,
    binds: vip === undefined ? [] : bindsOf(vip, service.port),
    balance: service.balance,
    keep_streams: service.profile === 'kubernetes-api',
    timeout_connect: formatDuration(timeouts.connectMs),
    timeout_client: formatDuration(timeouts.clientMs),
    timeout_server: formatDuration(timeouts.serverMs),
    timeout_tunnel: formatDuration(timeouts.tunnelMs),
    timeout_check: formatDuration(checkTimeoutMs(check)),
    check: checkView(check),
    defaults: serverDefaults(service),
    servers: servers.map((server) => serverView(server, service, width)),
  }
}

function bindsOf(vip: Vip, port: number): string[] {
  return [vip, ...vip.extraAddresses].map(({ address }) => endpoint(address, port))
}

/** Time for a server's answer to a check: two intervals, but at least 2 s and at most 10 s. */
function checkTimeoutMs({ intervalMs }: Check): number {
  return Math.min(Math.max(intervalMs * 2, 2_000), 10_000)
}

function checkView(check: Check) {
  if (check.kind === 'tcp') return { kind: check.kind, path: '', host: '', expect: '', accepts_unauthorized: false }
  return {
    kind: check.kind,
    path: check.path,
    host: check.host ?? 'lb-agent',
    expect: check.expect.join(','),
    accepts_unauthorized: check.expect.includes(401),
  }
}

function serverDefaults(service: Service): string {
  const { check } = service
  return [
    'check',
    ...(check.kind === 'https' ? ['check-ssl', 'verify none', ...serverNameOf(check.host)] : []),
    ...(service.sendProxy === 'v2' ? ['send-proxy-v2', 'check-send-proxy'] : []),
    `inter ${formatDuration(check.intervalMs)}`,
    // Between its first failure and the verdict a server is asked twice as often.
    `fastinter ${formatDuration(Math.max(1, Math.round(check.intervalMs / 2)))}`,
    `rise ${check.rise}`,
    `fall ${check.fall}`,
    ...(service.profile === 'kubernetes-api' ? ['on-marked-down shutdown-sessions'] : []),
  ].join(' ')
}

/** A host that serves several names by TLS chooses by SNI, which is never an address (RFC 6066 §3). */
function serverNameOf(host: string | undefined): string[] {
  return host === undefined || parseIpAddress(host) ? [] : [`check-sni ${host}`]
}

function serverView(server: Server, service: Service, width: number) {
  return {
    name: server.name,
    padding: ' '.repeat(width - server.name.length),
    endpoint: endpoint(server.address, server.port ?? service.serverPort),
    options: [...(server.weight === 1 ? [] : [`weight ${server.weight}`]), ...(server.backup ? ['backup'] : [])].join(
      ' ',
    ),
  }
}
