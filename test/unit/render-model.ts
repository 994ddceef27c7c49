import { basePriority } from '../../src/render/expectation.ts'
import type { Service, Spec, Vip } from '../../src/spec/spec.ts'
import type { Block, Section } from './render-read.ts'

/** What haproxy.cfg must say of services, written down a second time and from the spec alone. Each value is one word. */
export function modelOfHaproxy(spec: Spec): Section[] {
  const health = [
    ['mode', 'http'],
    ['bind', `127.0.0.1:${spec.haproxy.healthPort}`],
  ]
  return [
    { head: ['global'], directives: [] },
    { head: ['defaults'], directives: [['mode', 'tcp']] },
    { head: ['frontend', 'lb-agent:health'], directives: health },
    ...spec.services.flatMap((service) => [frontend(spec, service), backend(spec, service)]),
  ]
}

/** The directives that `modelOfHaproxy` speaks of. */
export function modelled({ head, directives }: Section): Section {
  const spoken = ['bind', 'default_backend', 'mode', 'balance', 'server']
  const isSpoken = ([first = '', second]: readonly string[]): boolean =>
    spoken.includes(first) || (first === 'http-check' && second === 'send')
  return { head, directives: directives.filter(isSpoken) }
}

/** What lets packets to a VIP in that this node does not have. */
export function modelOfLatePackets(spec: Spec, node: string): Block[] {
  const addresses = spec.vips
    .filter(({ prefer }) => prefer.includes(node))
    .flatMap((vip) => [vip.address, ...vip.extraAddresses.map(({ address }) => address)])
  if (addresses.length === 0) return []
  const device = spec.nodes.find(({ name }) => name === node)?.interface ?? ''
  const block = (head: string, line: (address: string) => string): Block => ({
    words: [head],
    inside: addresses.map((address) => ({ words: line(address).split(' '), inside: undefined })),
  })
  return [
    block('static_rules', (to) => `to ${to} iif ${device} ipproto 6 table 5798 preference 5798`),
    block('static_routes', (to) => `local ${to} dev lo scope host table 5798`),
  ]
}

/** Everything else of keepalived.conf that depends on the spec. */
export function modelOfInstances(spec: Spec, node: string): Block[] {
  return spec.vips.filter(({ prefer }) => prefer.includes(node)).flatMap((vip) => instance(spec, vip, node))
}

/** All words by which a line of haproxy.cfg may begin. */
export const HAPROXY_WORDS = new Set(
  `.endif .if backend balance bind clitcpka-cnt clitcpka-idle clitcpka-intvl default-server default_backend defaults
  description frontend global group hard-stop-after hash-type http-check http-request load-server-state-from-file log
  maxconn mode no option retries server server-state-file srvtcpka-cnt srvtcpka-idle srvtcpka-intvl stats timeout
  user`.split(/\s+/),
)

function frontend(spec: Spec, service: Service): Section {
  const vip = spec.vips.find(({ name }) => name === service.vip)
  const addresses = vip === undefined ? [] : [vip.address, ...vip.extraAddresses.map(({ address }) => address)]
  return {
    head: ['frontend', service.name],
    directives: [
      ['mode', service.profile === 'http' ? 'http' : 'tcp'],
      ...addresses.map((address) => ['bind', at(address, service.port), 'transparent']),
      ['default_backend', `${service.name}-servers`],
    ],
  }
}

function backend(spec: Spec, { name, pool, profile, balance, serverPort, check }: Service): Section {
  const servers = spec.pools.find((candidate) => candidate.name === pool)?.servers ?? []
  const question = (path: string, host = 'lb-agent'): string[] => [
    'http-check',
    'send',
    'meth',
    'GET',
    'uri',
    path,
    'ver',
    'HTTP/1.1',
    'hdr',
    'Host',
    host,
  ]
  return {
    head: ['backend', `${name}-servers`],
    directives: [
      ['mode', profile === 'http' ? 'http' : 'tcp'],
      ['balance', balance],
      ...(check.kind === 'tcp' ? [] : [question(check.path, check.host)]),
      ...servers.map((server) => [
        'server',
        server.name,
        at(server.address, server.port ?? serverPort),
        ...(server.weight === 1 ? [] : ['weight', `${server.weight}`]),
        ...(server.backup ? ['backup'] : []),
      ]),
    ],
  }
}

function instance(spec: Spec, vip: Vip, node: string): Block[] {
  const me = spec.nodes.find(({ name }) => name === node)
  const peers = vip.prefer.filter((name) => name !== node)
  const addressOf = (name: string): string => spec.nodes.find((other) => other.name === name)?.address ?? ''
  const added = ({ address, prefixLength }: Pick<Vip, 'address' | 'prefixLength'>): Block =>
    leaf(`${address}/${prefixLength}`, 'dev', me?.interface ?? '')
  const unicast = [
    leaf('unicast_src_ip', addressOf(node)),
    leaf('unicast_fault_no_peer'),
    leaf('check_unicast_src'),
    block(
      ['unicast_peer'],
      peers.map((name) => leaf(addressOf(name))),
    ),
  ]
  return [
    block(
      ['track_file', `score-${vip.name}`],
      [leaf('file', `"/run/lb-agent/vrrp/score-${vip.name}"`), leaf('weight', '1')],
    ),
    block(
      ['vrrp_instance', vip.name],
      [
        leaf('state', 'BACKUP'),
        leaf('interface', me?.interface ?? ''),
        leaf('virtual_router_id', `${vip.virtualRouterId}`),
        leaf('priority', `${basePriority(vip.prefer, node)}`),
        leaf('advert_int', (spec.vrrp.advertIntervalMs / 1000).toFixed(2)),
        ...(spec.vrrp.transport === 'unicast' && peers.length > 0 ? unicast : []),
        block(['track_file'], [leaf('gate'), leaf(`score-${vip.name}`)]),
        block(['track_script'], [leaf('haproxy_serves')]),
        block(['virtual_ipaddress'], [added(vip)]),
        ...(vip.extraAddresses.length === 0
          ? []
          : [block(['virtual_ipaddress_excluded'], vip.extraAddresses.map(added))]),
      ],
    ),
  ]
}

function block(words: readonly string[], inside: readonly Block[]): Block {
  return { words, inside }
}

function leaf(...words: string[]): Block {
  return { words, inside: undefined }
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
