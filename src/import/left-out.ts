import type { Line } from '../haproxy-config/config.ts'
import type { Position } from '../spec/problem.ts'
import { type OldFile, placesText, shortPlace, sourceOf } from './old-cluster.ts'
import type { OldConfig } from './old-configs.ts'
import type { LeftOut } from './old-services.ts'

/** What lb.yaml says nothing of: things that lb-agent does itself, each told once, and directives that are lost. */
export type LeftOutLines = { ownDoing: string[]; lost: string[] }

export function leftOutLines(configs: readonly OldConfig[], services: readonly LeftOut[]): LeftOutLines {
  return {
    ownDoing: ownDoing(configs),
    lost: [...lostServices(services), ...lostOfHaproxy(configs), ...lostOfKeepalived(configs)],
  }
}

function lostServices(services: readonly LeftOut[]): string[] {
  return services.map(({ what, why, at }) => `${what} (${shortPlace(at)}): ${why}`)
}

function ownDoing(configs: readonly OldConfig[]): string[] {
  const keepalived = configs.flatMap((config) => config.keepalived ?? [])
  const scripts = keepalived.flatMap(({ scripts: all, trackProcesses }) =>
    [...all, ...trackProcesses].map(({ at }) => at),
  )
  const files = keepalived.flatMap(({ trackFiles }) => trackFiles.map(({ at }) => at))
  const passwords = keepalived.flatMap(({ instances }) =>
    instances.flatMap(({ authentication }) => authentication?.at ?? []),
  )
  const stats = configs.flatMap(
    ({ haproxy }) =>
      haproxy?.proxies.filter(({ servers }) => servers.length === 0).flatMap((proxy) => proxy.stats?.at ?? []) ?? [],
  )
  const sockets = configs.flatMap(({ haproxy }) => haproxy?.global.statsSockets.map(({ at }) => at) ?? [])
  const others = otherInterfaces(configs)
  return [
    ...told('check scripts', scripts, 'lb-agent asks HAProxy ten times a second, and keepalived follows the answer'),
    ...told('tracked files', files, 'lb-agent writes its own'),
    ...told(
      'track_interface',
      others.length > 0 ? [] : keywords(configs, /^track_interface$/),
      'keepalived follows the interface of an instance without being told',
    ),
    ...told('auth_pass', passwords, 'VRRPv3 has no passwords; lb-agent firewall keeps VRRP of others out'),
    ...told(
      'notify scripts',
      keywords(configs, /^(?:notify\w*|smtp_alert\w*)$/),
      'executables in /etc/lb-agent/hooks.d/master, backup and fault are the way here',
    ),
    ...told('statistics page', stats, 'lb-agent has a status page, and metrics for Prometheus, on port 9853'),
    ...told('stats socket', sockets, 'lb-agent has one of its own'),
  ]
}

function told(what: string, places: readonly Position[], instead: string): string[] {
  return places.length === 0 ? [] : [`${what} (${placesText(places)}): ${instead}`]
}

/** Directives that lb.yaml says in its own words, or whose meaning lb-agent's file has anyway. */
const SAID = new Set([
  ...[
    'mode',
    'bind',
    'balance',
    'server',
    'server-template',
    'default-server',
    'default_backend',
    'use_backend',
    'timeout',
    'maxconn',
  ],
  ...[
    'retries',
    'http-check',
    'tcp-check',
    'stats',
    'description',
    'errorfile',
    'no',
    'id',
    'disabled',
    'enabled',
    'fullconn',
  ],
])
const SAID_OPTIONS = new Set([
  ...[
    'httplog',
    'tcplog',
    'dontlognull',
    'dontlog-normal',
    'redispatch',
    'tcp-check',
    'httpchk',
    'ssl-hello-chk',
    'tcpka',
    'clitcpka',
  ],
  ...[
    'srvtcpka',
    'http-server-close',
    'http-keep-alive',
    'httpclose',
    'log-health-checks',
    'log-separate-errors',
    'logasap',
  ],
  ...[
    'tcp-smart-accept',
    'tcp-smart-connect',
    'contstats',
    'splice-auto',
    'abortonclose',
    'socket-stats',
    'prefer-last-server',
    'allbackups',
  ],
])
/** Those of TLS have no use in a file without it. */
const SAID_GLOBAL =
  /^(?:stats|user|group|uid|gid|daemon|pidfile|maxconn|ca-base|crt-base|ssl-|setenv|presetenv|description|hard-stop-after|node|master-worker|quiet|no|localpeer|server-state)/
const SAID_SECTIONS = new Set(['global', 'defaults', 'frontend', 'backend', 'listen'])

function lostOfHaproxy(configs: readonly OldConfig[]): string[] {
  const lost = new Map<string, Position[]>()
  const lose = (what: string, at: Position) => lost.set(what, [...(lost.get(what) ?? []), at])
  for (const { haproxy } of configs) {
    for (const section of haproxy?.sections ?? []) {
      if (!SAID_SECTIONS.has(section.kind)) lose(`section ${section.kind}`, section.at)
      const isShown = haproxy?.proxies.some(
        ({ at, stats, servers }) => at.line === section.at.line && stats && servers.length === 0,
      )
      const isGlobal = section.kind === 'global'
      for (const line of SAID_SECTIONS.has(section.kind) && isShown !== true ? section.lines : []) {
        const isSaid = isGlobal
          ? SAID_GLOBAL.test(line.words[0] ?? '') || isSaidLog(line)
          : isSaidLog(line) || isSaidInProxy(line, haproxy?.proxies.find(({ at }) => at.line === section.at.line)?.mode)
        if (!isSaid) lose(whatOf(line), line.at)
      }
      for (const line of section.lines) for (const word of lostOfServer(line)) lose(`server parameter ${word}`, line.at)
    }
  }
  return [...lost].map(([what, places]) => placed(what, places) + (what === 'log' ? LOGS_TO_STDOUT : ''))
}

const LOGS_TO_STDOUT = ': HAProxy logs to stdout here, which systemd keeps in the journal'

function isSaidLog({ words: [keyword, target = ''] }: Line): boolean {
  return keyword === 'log' && /^(?:global|stdout|stderr)$/.test(target)
}

function isSaidInProxy({ words }: Line, mode: string | undefined): boolean {
  const [keyword = '', option = ''] = words
  if (keyword !== 'option') return SAID.has(keyword)
  // lb-agent's file has it in mode http, and in mode tcp HAProxy does nothing with it.
  return SAID_OPTIONS.has(option) || (option === 'forwardfor' && (words.length === 2 || mode !== 'http'))
}

/** The keyword, and a second one where the first says little; never values, which may be secrets. */
function whatOf({ words }: Line): string {
  const [keyword = '', next] = words
  const isPair =
    /^(?:option|http-request|http-response|tcp-request|tcp-response|stick|stick-table|http-after-response|filter)$/.test(
      keyword,
    )
  return isPair && next !== undefined ? `${keyword} ${next}` : keyword
}

const LOST_OF_SERVERS = new Set([
  'slowstart',
  'maxconn',
  'maxqueue',
  'minconn',
  'cookie',
  'observe',
  'source',
  'track',
  'agent-check',
  'on-marked-up',
  'on-error',
  'resolvers',
  'downinter',
  'fastinter',
  'port',
  'addr',
])

function lostOfServer({ words }: Line): string[] {
  return /^(?:server|default-server|server-template)$/.test(words[0] ?? '')
    ? words.slice(1).filter((word) => LOST_OF_SERVERS.has(word))
    : []
}

/** Blocks that have nothing to do with VIPs, and what instances have beside their addresses. */
const LOST_OF_KEEPALIVED =
  /^(?:virtual_server\w*|virtual_routes|virtual_rules|static_\w+|track_bfd|bfd_instance|vrrp_sync_group|use_vmac|use_ipvlan|garp_\w+|lvs_sync_daemon|accept|linkbeat_use_polling|strict_mode|vrrp_strict)$/

/** Interfaces that instances follow beside their own. */
function otherInterfaces(configs: readonly OldConfig[]): Position[] {
  const instances = configs.flatMap(({ keepalived }) => keepalived?.instances ?? [])
  return instances.flatMap((instance) =>
    instance.trackInterfaces.filter(({ name }) => name !== instance.interface).map(({ at }) => at),
  )
}

function lostOfKeepalived(configs: readonly OldConfig[]): string[] {
  const lost = new Map<string, Position[]>()
  const others = otherInterfaces(configs)
  if (others.length > 0) lost.set('track_interface', others)
  for (const { what, at } of addressWords(configs)) lost.set(what, [...(lost.get(what) ?? []), at])
  for (const { word, at } of words(configs))
    if (LOST_OF_KEEPALIVED.test(word)) lost.set(word, [...(lost.get(word) ?? []), at])
  return [...lost].map(([what, places]) => placed(what, places))
}

/** What an address of keepalived.conf can say of itself and a VIP of lb.yaml cannot. A device is said beside its node. */
function addressWords(configs: readonly OldConfig[]): { what: string; at: Position }[] {
  const instances = configs.flatMap(({ keepalived }) => keepalived?.instances ?? [])
  return instances
    .flatMap(({ addresses, excluded }) => [...addresses, ...excluded])
    .flatMap(({ label, scope, at }) => [
      ...(label === undefined ? [] : [{ what: `label ${label} of an address`, at }]),
      ...(scope === undefined ? [] : [{ what: `scope ${scope} of an address`, at }]),
    ])
}

function keywords(configs: readonly OldConfig[], pattern: RegExp): Position[] {
  return words(configs)
    .filter(({ word }) => pattern.test(word))
    .map(({ at }) => at)
}

/** The first word of each line of each keepalived.conf. */
function words(configs: readonly OldConfig[]): { word: string; at: Position }[] {
  return configs.flatMap(({ node }) => (node.keepalived === undefined ? [] : firstWords(node.keepalived)))
}

function firstWords(file: OldFile): { word: string; at: Position }[] {
  return file.text.split('\n').flatMap((line, index) => {
    const [, blanks = '', word] = /^(\s*)([a-z_]+)\b/.exec(line) ?? []
    return word === undefined
      ? []
      : [{ word, at: sourceOf(file, { file: file.source, line: index + 1, col: blanks.length + 1 }) }]
  })
}

function placed(what: string, places: readonly Position[]): string {
  return `${what} (${placesText(places)})`
}
