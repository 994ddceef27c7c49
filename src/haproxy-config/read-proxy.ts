import type { Position, Problem } from '../spec/problem.ts'
import { readBind } from './bind.ts'
import { readProxyCheck } from './check.ts'
import type {
  Line,
  Parameter,
  ProxyConfig,
  Section,
  ServerConfig,
  StatsConfig,
  TimeoutName,
  Written,
} from './config.ts'
import { TIMEOUT_NAMES } from './config.ts'
import { placeOf } from './place.ts'
import { readDefaultServer, readServer } from './server.ts'
import { parseTimeMs } from './time.ts'

/**
 * A frontend, backend or listen. `defaults`: the lines of the defaults sections that count for it, the farthest first; they come
 * before its own, and the last word about a thing counts.
 */
export function readProxy(section: Section, defaults: readonly Line[], problems: Problem[]): ProxyConfig {
  const all = [...defaults, ...section.lines]
  const kind = section.kind === 'frontend' || section.kind === 'backend' ? section.kind : 'listen'
  const own = (keyword: string) => section.lines.filter(({ words }) => words[0] === keyword)
  return {
    kind,
    name: section.name ?? '',
    at: section.at,
    mode: lastOf(all, 'mode')?.value ?? 'tcp',
    binds: kind === 'backend' ? [] : own('bind').flatMap((line) => readBind(line, problems)),
    timeouts: readTimeouts(all, problems),
    balance: readBalance(all),
    servers: kind === 'frontend' ? [] : readServers(all, problems),
    check: readProxyCheck(all),
    defaultBackend: kind === 'backend' ? undefined : lastOf(all, 'default_backend'),
    useBackends: own('use_backend').map(({ words, at }) => ({ name: words[1] ?? '', condition: words.slice(2), at })),
    stats: readStats(all),
    maxConnections: numbered(lastOf(all, 'maxconn')),
    options: readOptions(all),
    lines: section.lines,
  }
}

function lastOf(lines: readonly Line[], keyword: string): Written<string> | undefined {
  const line = lines.findLast(({ words }) => words[0] === keyword)
  return line === undefined ? undefined : { value: line.words[1] ?? '', at: placeOf(line, 1) }
}

function numbered(written: Written<string> | undefined): Written<number> | undefined {
  return written && /^\d{1,9}$/.test(written.value) ? { value: Number(written.value), at: written.at } : undefined
}

function readTimeouts(lines: readonly Line[], problems: Problem[]): ProxyConfig['timeouts'] {
  const timeouts: Partial<Record<TimeoutName, Written<number>>> = {}
  for (const line of lines) {
    const [keyword, written, time = ''] = line.words
    const name = TIMEOUT_NAMES.find((candidate) => candidate === written)
    if (keyword !== 'timeout' || name === undefined) continue
    const value = parseTimeMs(time)
    if (value !== undefined) timeouts[name] = { value, at: placeOf(line, 2) }
    else
      problems.push({
        ...placeOf(line, 2),
        message: `timeout ${name} is "${time}", which is no time; write it as 10s or 5m`,
      })
  }
  return timeouts
}

function readBalance(lines: readonly Line[]): ProxyConfig['balance'] {
  const line = lines.findLast(({ words }) => words[0] === 'balance')
  if (line === undefined) return undefined
  return { value: { algorithm: line.words[1] ?? '', arguments: line.words.slice(2) }, at: placeOf(line, 1) }
}

/** More than HAProxy knows; every server has its own copy. */
const MOST_PARAMETERS = 200

function readServers(lines: readonly Line[], problems: Problem[]): ServerConfig[] {
  const servers: ServerConfig[] = []
  let defaults: Parameter[] = []
  for (const line of lines) {
    const [keyword] = line.words
    if (keyword === 'default-server') defaults = [...defaults, ...readDefaultServer(line)].slice(-MOST_PARAMETERS)
    if (keyword !== 'server' && keyword !== 'server-template') continue
    const server = readServer(line, defaults, problems)
    if (server) servers.push(server)
  }
  return servers
}

/** Every `stats` directive but `stats scope` turns the page on, in a proxy of mode http. */
function readStats(lines: readonly Line[]): StatsConfig | undefined {
  const stats = lines.filter(({ words }) => words[0] === 'stats' && words[1] !== 'socket')
  const [first] = stats
  if (first === undefined) return undefined
  const named = (name: string) => stats.filter(({ words }) => words[1] === name)
  return {
    uri: named('uri').at(-1)?.words[2] ?? '/haproxy?stats',
    users: named('auth').map(({ words, at }) => ({ name: (words[2] ?? '').split(':')[0] ?? '', at })),
    admin: named('admin').at(-1)?.at,
    at: first.at,
  }
}

function readOptions(lines: readonly Line[]): ProxyConfig['options'] {
  const options = new Map<string, { arguments: readonly string[]; at: Position }>()
  for (const { words, at } of lines) {
    if (words[0] === 'option' && words[1] !== undefined) options.set(words[1], { arguments: words.slice(2), at })
    if (words[0] === 'no' && words[1] === 'option') options.delete(words[2] ?? '')
  }
  return options
}
