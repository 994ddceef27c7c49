import type { HaproxyConfig, ProxyCheck, ProxyConfig } from '../haproxy-config/config.ts'
import type { InstanceConfig, KeepalivedConfig } from '../keepalived-config/config.ts'
import { formatDuration } from '../spec/duration.ts'
import type { Spec } from '../spec/spec.ts'
import type { Drafted } from './draft-services.ts'
import { bareAddresses, type VipGroup } from './draft-vips.ts'
import { bindText } from './old-services.ts'

/** What a part of the cluster was, and what it is in lb-agent's files; `about` is a VIP or a service. */
export type Difference = { about: string; what: string; before: string; after: string }

/** lb-agent's two files of one node, read by the same readers as the old ones. */
export type NewConfig = { node: string; haproxy: HaproxyConfig; keepalived: KeepalivedConfig }

/** Differences in what the files mean, not in how they are written. */
export function differencesOf(
  groups: readonly VipGroup[],
  drafted: readonly Drafted[],
  { vrrp }: Pick<Spec, 'vrrp'>,
  now: readonly NewConfig[],
): Difference[] {
  return [
    ...groups.flatMap((group) => [...ofVip(group, now), ...ofFailingBack(group, vrrp)]),
    ...drafted.flatMap((one) => ofService(one, now)),
  ]
}

function ofVip({ members }: VipGroup, now: readonly NewConfig[]): Difference[] {
  const addresses = members.flatMap(({ instance }) => bareAddresses(instance))
  const [address = ''] = addresses
  const after = now.flatMap(({ node, keepalived }) =>
    keepalived.instances
      .filter((instance) => bareAddresses(instance).includes(address))
      .map((instance) => ({ node, instance })),
  )
  const told = (what: string, text: (instance: InstanceConfig) => string) =>
    row(`VIP ${address}`, what, together(members, text), together(after, text))
  return [
    ...told('virtual router id', ({ virtualRouterId }) => String(virtualRouterId)),
    ...told('protocol', ({ version }) => `VRRPv${version}`),
    ...told(
      'adverts',
      ({ advertMs, unicast }) =>
        `every ${formatDuration(advertMs)} by ${unicast === undefined ? 'multicast' : 'unicast'}`,
    ),
    ...told('priority', ({ priority }) => String(priority)),
    ...told('follows', followsText),
    ...told('addresses', (instance) => bareAddresses(instance).sort().join(', ')),
  ]
}

/** lb-agent does not leave it to keepalived: it holds the score down for so long. */
function ofFailingBack({ members }: VipGroup, { failbackMs }: Spec['vrrp']): Difference[] {
  const [address = ''] = members.flatMap(({ instance }) => bareAddresses(instance))
  const delayMs = Math.max(...members.map(({ instance }) => instance.preemptDelayMs))
  const isNever = members.some(({ instance }) => instance.nopreempt)
  const before = isNever ? 'never' : delayMs === 0 ? 'at once' : `after ${formatDuration(delayMs)}`
  const after =
    failbackMs === 'manual'
      ? 'by lb-agent undrain'
      : failbackMs === 0
        ? 'at once'
        : `after ${formatDuration(failbackMs)}`
  return row(`VIP ${address}`, 'failing back', before, after)
}

function followsText({ trackScripts, trackFiles, trackProcesses }: InstanceConfig): string {
  const texts = [
    ...trackScripts.map(({ name }) => `script ${name}`),
    ...trackFiles.map(({ name }) => `file ${name}`),
    ...trackProcesses.map(({ name }) => `process ${name}`),
  ]
  return texts.length === 0 ? 'nothing' : texts.join(', ')
}

/** One text where all nodes say the same, else that of each node. */
function together(
  members: readonly { node: string; instance: InstanceConfig }[],
  text: (instance: InstanceConfig) => string,
): string {
  const texts = members.map(({ node, instance }) => ({ node, text: text(instance) }))
  const [first] = texts
  if (first === undefined) return 'nothing'
  return texts.every((one) => one.text === first.text)
    ? first.text
    : texts.map((one) => `${one.node} ${one.text}`).join(', ')
}

function ofService({ service, old }: Drafted, now: readonly NewConfig[]): Difference[] {
  const proxies = now[0]?.haproxy.proxies ?? []
  const frontend = proxies.find(({ kind, name }) => kind === 'frontend' && name === service.name)
  const backend = proxies.find(({ kind, name }) => kind === 'backend' && name === frontend?.defaultBackend?.value)
  if (frontend === undefined || backend === undefined) return []
  const told = (what: string, text: (front: ProxyConfig, back: ProxyConfig) => string) =>
    row(`service ${service.name}`, what, text(old.frontend, old.backend), text(frontend, backend))
  return [
    ...row(`service ${service.name}`, 'bind', bindText(old.bind), frontend.binds.map(bindText).join(', ')),
    ...told('mode', ({ mode }) => mode),
    ...told('balance', (_, { balance }) => balance?.value.algorithm ?? 'roundrobin'),
    ...told('servers', (_, { servers }) =>
      servers.map(({ name, address, port }) => `${name} ${address}:${port ?? old.port}`).join(', '),
    ),
    ...told('check', checkText),
    ...told('PROXY protocol', (_, { servers }) => servers[0]?.sendProxy ?? 'none'),
    ...told('timeouts', timeoutsText),
  ]
}

function checkText(_: ProxyConfig, { check, servers }: ProxyConfig): string {
  const first = servers[0]?.check
  if (first === undefined) return 'none'
  const isTls = first.ssl || (check.kind === 'http' && check.ssl)
  return `${whatIsAsked(check)}${isTls ? ' by TLS' : ''} every ${formatDuration(first.intervalMs)}, up after ${first.rise}, down after ${first.fall}`
}

function whatIsAsked(check: ProxyCheck): string {
  switch (check.kind) {
    case 'connect':
      return 'a connection'
    case 'tcp-rules':
      return 'a conversation (tcp-check)'
    case 'ssl-hello':
      return 'a TLS hello'
    case 'other':
      return `option ${check.option}`
    case 'http': {
      const { expect } = check
      const wanted =
        expect === undefined ? '2xx or 3xx' : `${expect.negated ? 'not ' : ''}${expect.match} ${expect.pattern}`
      return `${check.method} ${check.path} (${wanted})`
    }
    default:
      return check satisfies never
  }
}

function timeoutsText(frontend: ProxyConfig, backend: ProxyConfig): string {
  const written = [
    { name: 'connect', value: backend.timeouts.connect },
    { name: 'client', value: frontend.timeouts.client },
    { name: 'server', value: backend.timeouts.server },
    { name: 'tunnel', value: backend.timeouts.tunnel },
  ]
  return written
    .map(({ name, value }) => `${name} ${value === undefined ? 'none' : formatDuration(Math.round(value.value))}`)
    .join(', ')
}

function row(about: string, what: string, before: string, after: string): Difference[] {
  return before === after ? [] : [{ about, what, before, after }]
}
