import type { Position, Problem } from '../spec/problem.ts'

/**
 * An haproxy.cfg as HAProxy 2.6 understands it (configuration.txt): every section with the words of its lines, and over them what
 * others need, with the defaults sections worked in. Durations are milliseconds. What is not here, is in the lines.
 */
export type HaproxyConfig = {
  /** As the reader was given it. */
  file: string
  sections: readonly Section[]
  global: GlobalConfig
  /** Frontends, backends and listens in the order of the file. */
  proxies: readonly ProxyConfig[]
  /** For what `haproxy -c` does not accept the file, as far as it was noticed here. */
  problems: readonly Problem[]
}

/** A directive as HAProxy splits it: quotes and escapes are gone, `columns` says where in its line each word begins. */
export type Line = { words: readonly string[]; columns: readonly number[]; at: Position }

/** `kind`: the section's keyword. `from`: the named defaults section that it asks for. */
export type Section = {
  kind: string
  name: string | undefined
  from: string | undefined
  at: Position
  lines: readonly Line[]
}

export type GlobalConfig = {
  maxConnections: number | undefined
  /** `stats socket`. */
  statsSockets: readonly StatsSocket[]
}

/** `path` of a UNIX socket, or `address` and `port`. `level`: operator unless written. */
export type StatsSocket = {
  path: string | undefined
  address: string | undefined
  port: number | undefined
  level: 'user' | 'operator' | 'admin'
  at: Position
}

/** A value that may come from a defaults section, and where it is written. */
export type Written<T> = { value: T; at: Position }

export type ProxyConfig = {
  kind: 'frontend' | 'backend' | 'listen'
  name: string
  at: Position
  /** tcp unless written. */
  mode: string
  binds: readonly BindConfig[]
  timeouts: Readonly<Partial<Record<TimeoutName, Written<number>>>>
  /** undefined: not written, which is roundrobin. */
  balance: Written<{ algorithm: string; arguments: readonly string[] }> | undefined
  servers: readonly ServerConfig[]
  check: ProxyCheck
  defaultBackend: Written<string> | undefined
  /** `use_backend NAME if …`. */
  useBackends: readonly { name: string; condition: readonly string[]; at: Position }[]
  /** undefined: it shows no statistics. Where it listens is in `binds`, or in the frontends that lead to it. */
  stats: StatsConfig | undefined
  maxConnections: Written<number> | undefined
  /** `option NAME …` in force, without those that a `no option` has taken back. */
  options: ReadonlyMap<string, { arguments: readonly string[]; at: Position }>
  /** Its own lines, without those of defaults. */
  lines: readonly Line[]
}

export const TIMEOUT_NAMES = [
  'connect',
  'client',
  'server',
  'check',
  'queue',
  'tunnel',
  'client-fin',
  'server-fin',
  'http-request',
  'http-keep-alive',
  'tarpit',
  'server-hs',
] as const
export type TimeoutName = (typeof TIMEOUT_NAMES)[number]

/** One address of a `bind` line. */
export type BindConfig = {
  /** As written; undefined: every address (`*`, `0.0.0.0`, `::` or nothing), or a UNIX socket. */
  address: string | undefined
  /** Of every address: 6 where it is written `::`, which takes IPv4 as well unless v6only is written (2.6, on Linux). */
  family: 4 | 6
  v6only: boolean
  /** Path of a UNIX socket, or another thing that is no address, such as `fd@3`. */
  path: string | undefined
  /** undefined: `path`, or a variable. */
  port: number | undefined
  /** The same as `port` unless a range is written. */
  lastPort: number | undefined
  transparent: boolean
  ssl: boolean
  acceptsProxy: boolean
  interface: string | undefined
  at: Position
}

/** A `server` line with what `default-server` lines before it say. */
export type ServerConfig = {
  name: string
  /** As written: an address, a name to look up, or the path of a socket. */
  address: string
  /** undefined: the port that the client came to. */
  port: number | undefined
  /** undefined: HAProxy does not check it. */
  check: ServerCheck | undefined
  /** 1 unless written. */
  weight: number
  backup: boolean
  disabled: boolean
  ssl: boolean
  sendProxy: 'none' | 'v1' | 'v2'
  maxConnections: number | undefined
  /** `server-template`: how many, such as 1-3; then `name` and `address` are those of the template. */
  template: string | undefined
  /** All words behind the address, with those of `default-server` before them. */
  parameters: readonly Parameter[]
  at: Position
}

export type Parameter = { name: string; value: string | undefined; at: Position }

/** 2 s, 2 and 3 unless written (configuration.txt, inter, rise, fall). `written`: which of them are. */
export type ServerCheck = {
  intervalMs: number
  fastIntervalMs: number | undefined
  downIntervalMs: number | undefined
  rise: number
  fall: number
  ssl: boolean
  address: string | undefined
  port: number | undefined
  written: readonly string[]
}

/** What a server is asked when it is checked. `at`: of the option; undefined: nothing is written, so a connection is enough. */
export type ProxyCheck =
  | { kind: 'connect'; at: Position | undefined }
  /** `tcp-check` with rules that send or expect. */
  | { kind: 'tcp-rules'; at: Position; rules: readonly Line[] }
  | HttpCheck
  /** `option ssl-hello-chk`. */
  | { kind: 'ssl-hello'; at: Position }
  /** `option mysql-check` and the like. */
  | { kind: 'other'; at: Position; option: string }

/** `option httpchk`, with `http-check send` where it is written. */
export type HttpCheck = {
  kind: 'http'
  at: Position
  /** OPTIONS unless written. */
  method: string
  /** `/` unless written. */
  path: string
  /** HTTP/1.0 unless written. */
  version: string
  host: string | undefined
  /** undefined: any 2xx or 3xx. */
  expect: { negated: boolean; match: string; pattern: string; at: Position } | undefined
  /** `http-check connect … ssl`. */
  ssl: boolean
}

export type StatsConfig = {
  /** `/haproxy?stats` unless written. */
  uri: string
  /** Names alone: the passwords are secrets. */
  users: readonly { name: string; at: Position }[]
  /** `stats admin`. */
  admin: Position | undefined
  at: Position
}
