import type { BindConfig, HaproxyConfig, ProxyConfig } from '../haproxy-config/config.ts'
import type { Position } from '../spec/problem.ts'

/** A port that clients came to, with what stood behind it. `frontend` and `backend` are the same for a `listen`. */
export type OldService = { frontend: ProxyConfig; backend: ProxyConfig; bind: BindConfig; port: number }

/** A proxy with a bind that lb.yaml has no words for. */
export type LeftOut = { what: string; why: string; at: Position }

/** Ports of an haproxy.cfg that lb.yaml can say, in the order of the file, and those that it cannot. */
export function oldServices({ proxies }: HaproxyConfig): { services: OldService[]; leftOut: LeftOut[] } {
  const services: OldService[] = []
  const leftOut: LeftOut[] = []
  for (const frontend of proxies.filter(
    ({ kind, stats, servers }) => kind !== 'backend' && !(stats && servers.length === 0),
  )) {
    const backend = backendOf(frontend, proxies)
    for (const bind of frontend.binds) {
      const why = whyNot(frontend, backend, bind)
      if (why === undefined && backend && bind.port !== undefined)
        services.push({ frontend, backend, bind, port: bind.port })
      else if (why !== undefined)
        leftOut.push({ what: `${frontend.kind} ${frontend.name}, ${bindText(bind)}`, why, at: bind.at })
    }
  }
  return { services, leftOut }
}

/** `*:6443`, `10.0.0.10:443`. */
export function bindText({ address, path, port }: Pick<BindConfig, 'address' | 'path' | 'port'>): string {
  return path ?? `${address?.includes(':') === true ? `[${address}]` : (address ?? '*')}:${port ?? '?'}`
}

function backendOf(frontend: ProxyConfig, proxies: readonly ProxyConfig[]): ProxyConfig | undefined {
  if (frontend.servers.length > 0) return frontend
  return proxies.find(({ kind, name }) => kind !== 'frontend' && name === frontend.defaultBackend?.value)
}

function whyNot(frontend: ProxyConfig, backend: ProxyConfig | undefined, bind: BindConfig): string | undefined {
  if (bind.ssl)
    return 'it ends TLS, which the servers do behind lb-agent; a template of your own beside lb.yaml can do it'
  if (bind.path !== undefined) return 'it is not on a VIP'
  if (bind.port === undefined) return 'its port is not known'
  if (bind.lastPort !== bind.port) return 'it is a range of ports; a service has one'
  if (isLoopback(bind.address)) return 'it is for the node alone; services are on VIPs'
  if (backend === undefined) {
    return frontend.useBackends.length > 0
      ? 'it chooses among backends by conditions, and has no default_backend'
      : 'it leads to no backend with servers'
  }
  return undefined
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^127\.|^::1$/.test(address)
}
