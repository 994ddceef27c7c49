import type { ProxyConfig, TimeoutName } from '../haproxy-config/config.ts'
import { formatDuration } from '../spec/duration.ts'
import { PROFILES } from '../spec/profiles.ts'
import type { Profile, Timeouts } from '../spec/spec.ts'
import type { DraftService, DraftVip } from './draft.ts'
import { draftCheck } from './draft-check.ts'
import type { ServicePool } from './draft-pools.ts'
import { unlike, usableName } from './names.ts'
import { shortPlace } from './old-cluster.ts'
import { bindText, type LeftOut, type OldService } from './old-services.ts'

/** A service and where it comes from. */
export type Drafted = { service: DraftService; old: OldService }

/** Services of the old ports that are on a VIP; `pools` are those of the services, in their order. */
export function draftServices(
  services: readonly OldService[],
  pools: readonly (ServicePool | undefined)[],
  vips: readonly DraftVip[],
): { drafted: Drafted[]; leftOut: LeftOut[] } {
  const drafted: Drafted[] = []
  const leftOut: LeftOut[] = []
  for (const [index, old] of services.entries()) {
    const pool = pools[index]
    const what = `${old.frontend.kind} ${old.frontend.name}, ${bindText(old.bind)}`
    const profile = profileOf(old)
    const found = vipOf(old, vips, profile)
    if (pool === undefined)
      leftOut.push({ what, why: 'none of its servers could be carried over', at: old.frontend.at })
    else if (found === undefined)
      leftOut.push({ what, why: 'its address is no VIP of keepalived.conf', at: old.bind.at })
    else if (drafted.some(({ service }) => service.vip === found.vip && service.port === old.port)) {
      leftOut.push({ what, why: 'another one has the same VIP and port', at: old.bind.at })
    } else {
      const name = unlike(
        usableName(old.frontend.name, 'service'),
        drafted.map(({ service }) => service.name),
      )
      drafted.push({ service: draftService(old, { name, ...found, profile, pool }), old })
    }
  }
  return { drafted, leftOut }
}

/** The Kubernetes API listens on 6443, or behind another port says so in its name. */
export function profileOf({ frontend, backend, port }: OldService): Profile {
  const named = /kube-?api|k8s[-_]?api|api-?server|control-?plane/i
  const isApi =
    port === 6443 ||
    backend.servers.some((server) => server.port === 6443) ||
    named.test(`${frontend.name} ${backend.name}`)
  if (frontend.mode === 'http') return 'http'
  return isApi ? 'kubernetes-api' : 'tcp'
}

/** A bind to every address was on each VIP: it goes to the one that its name or its port speaks for, else to the first. */
function vipOf(
  old: OldService,
  vips: readonly DraftVip[],
  profile: Profile,
): { vip: string; vipComments: string[] } | undefined {
  const { address } = old.bind
  const bare = (text: string) => text.split('/')[0]
  const exact = vips.find(
    (vip) => vip.address === address || vip.extraAddresses.some((extra) => bare(extra) === address),
  )
  if (address !== undefined) return exact && { vip: exact.name, vipComments: [] }
  const wanted = profile === 'kubernetes-api' ? /api|k8s|kube|control|master/ : /ingress|web|http|worker/
  const vip = vips.find(({ name }) => wanted.test(name)) ?? vips[0]
  if (vip === undefined) return undefined
  const where = shortPlace(old.bind.at)
  const comment = `It was bound to ${bindText(old.bind)} (${where}), so every VIP had it, and the nodes' own addresses; here it is on ${vip.name} alone.`
  return { vip: vip.name, vipComments: vips.length > 1 ? [comment] : [] }
}

type Chosen = { name: string; vip: string; vipComments: string[]; profile: Profile; pool: ServicePool }

function draftService(old: OldService, { name, vip, vipComments, profile, pool }: Chosen): DraftService {
  const { frontend, backend, port } = old
  const { check, comments } = draftCheck(backend, profile)
  const timeouts = draftTimeouts(frontend, backend, profile)
  const balance = draftBalance(backend, profile)
  const sendProxy = backend.servers.find((server) => server.sendProxy !== 'none')
  return {
    ...{ name, vip, port, pool: pool.pool.name, profile },
    ...(pool.serverPort !== port && { serverPort: pool.serverPort }),
    ...balance.part,
    ...(sendProxy && { sendProxy: 'v2' as const }),
    ...(Object.keys(check).length > 0 && { check }),
    ...(Object.keys(timeouts.timeouts).length > 0 && { timeouts: timeouts.timeouts }),
    comments: [
      ...vipComments,
      ...(frontend.useBackends.length > 0 ? [commentOnRoutes(frontend)] : []),
      ...balance.comments,
      ...(sendProxy?.sendProxy === 'v1'
        ? [`send-proxy (${shortPlace(sendProxy.at)}) was version 1 of the PROXY protocol; here it is version 2.`]
        : []),
      ...comments,
      ...timeouts.comments,
    ],
  }
}

function commentOnRoutes({ useBackends, defaultBackend }: ProxyConfig): string {
  const [first] = useBackends
  const names = [...new Set(useBackends.map(({ name }) => name))].join(', ')
  return `use_backend (${first ? shortPlace(first.at) : ''}) led to ${names} by conditions, which lb.yaml does not have: here all goes to ${defaultBackend?.value}.`
}

function draftBalance(
  { balance }: ProxyConfig,
  profile: Profile,
): { part: Pick<DraftService, 'balance'>; comments: string[] } {
  const algorithm = balance?.value.algorithm ?? 'roundrobin'
  // roundrobin is HAProxy's own default, and all examples say it: for the API the profile's leastconn is meant.
  if (algorithm === PROFILES[profile].balance || algorithm === 'roundrobin' || algorithm === 'static-rr')
    return { part: {}, comments: [] }
  if (algorithm === 'leastconn' || algorithm === 'source') return { part: { balance: algorithm }, comments: [] }
  return {
    part: {},
    comments: [
      `balance ${algorithm} (${balance ? shortPlace(balance.at) : ''}) is not in lb.yaml; here ${PROFILES[profile].balance}.`,
    ],
  }
}

const TIMEOUTS: readonly { name: 'connect' | 'client' | 'server' | 'tunnel'; key: keyof Timeouts }[] = [
  { name: 'connect', key: 'connectMs' },
  { name: 'client', key: 'clientMs' },
  { name: 'server', key: 'serverMs' },
  { name: 'tunnel', key: 'tunnelMs' },
]
const HOUR_MS = 3_600_000
const LONGEST_MS = 24 * 24 * HOUR_MS

/** Those that are written and differ. Of an API server short ones are not meant: they cut watches, which are silent for minutes. */
function draftTimeouts(
  frontend: ProxyConfig,
  backend: ProxyConfig,
  profile: Profile,
): { timeouts: Record<string, string>; comments: string[] } {
  const timeouts: Record<string, string> = {}
  const short: string[] = []
  for (const { name, key } of TIMEOUTS) {
    const written = timeoutOf(frontend, backend, name)
    const ms = written && Math.min(Math.round(written.value), LONGEST_MS)
    if (!written || ms === undefined || ms < 1 || ms === PROFILES[profile].timeouts[key]) continue
    if (profile === 'kubernetes-api' && name !== 'connect' && ms < PROFILES[profile].timeouts[key]) {
      if (ms < HOUR_MS) short.push(`${name} ${formatDuration(ms)} (${shortPlace(written.at)})`)
    } else timeouts[name] = formatDuration(ms)
  }
  const comment = `Timeouts cut watches that were silent for so long: ${short.join(', ')}; the profile gives them 4h.`
  return { timeouts, comments: short.length === 0 ? [] : [comment] }
}

function timeoutOf(
  frontend: ProxyConfig,
  backend: ProxyConfig,
  name: TimeoutName,
): ProxyConfig['timeouts'][TimeoutName] {
  return name === 'client' ? frontend.timeouts.client : backend.timeouts[name]
}
