import type { Problem } from '../spec/problem.ts'
import type { Line, Parameter, ServerCheck, ServerConfig } from './config.ts'
import { placeOf } from './place.ts'
import { parseTimeMs } from './time.ts'

/** Parameters of `server` that take a word (configuration.txt §5.2). All others stand alone. */
const WITH_VALUE = new Set([
  ...[
    'addr',
    'agent-addr',
    'agent-inter',
    'agent-port',
    'agent-send',
    'alpn',
    'ca-file',
    'check-alpn',
    'check-proto',
    'check-sni',
  ],
  ...[
    'ciphers',
    'ciphersuites',
    'client-sigalgs',
    'cookie',
    'crl-file',
    'crt',
    'curves',
    'downinter',
    'error-limit',
    'fall',
  ],
  ...[
    'fastinter',
    'guid',
    'hash-key',
    'id',
    'idle-ping',
    'init-addr',
    'init-state',
    'inter',
    'log-bufsize',
    'log-proto',
    'max-reuse',
  ],
  ...[
    'maxconn',
    'maxqueue',
    'minconn',
    'namespace',
    'npn',
    'observe',
    'on-error',
    'on-marked-down',
    'on-marked-up',
    'pool-conn-name',
  ],
  ...[
    'pool-low-conn',
    'pool-max-conn',
    'pool-purge-delay',
    'port',
    'proto',
    'proxy-v2-options',
    'redir',
    'resolve-net',
    'resolve-opts',
  ],
  ...[
    'resolve-prefer',
    'resolvers',
    'rise',
    'set-proxy-v2-tlv-fmt',
    'shard',
    'sigalgs',
    'slowstart',
    'sni',
    'socks4',
    'source',
  ],
  ...[
    'ssl-max-ver',
    'ssl-min-ver',
    'strict-maxconn',
    'tcp-md5sig',
    'tcp-ut',
    'track',
    'usesrc',
    'verify',
    'verifyhost',
    'weight',
    'ws',
  ],
])
/** `no-check` and the like take back what `default-server` says. */
const OPPOSITE = /^no-(.+)$/

/** The parameters of a `default-server` line. */
export function readDefaultServer(line: Line): Parameter[] {
  return readParameters(line, 1)
}

/** A `server` or `server-template` line after these `default-server` lines; undefined where it lacks a name or an address. */
export function readServer(line: Line, defaults: readonly Parameter[], problems: Problem[]): ServerConfig | undefined {
  const isTemplate = line.words[0] === 'server-template'
  const [, name, second, third] = line.words
  const address = isTemplate ? third : second
  if (name === undefined || address === undefined) {
    const example = isTemplate ? 'server-template web 1-3 web.example.org:80' : 'server web1 10.0.0.21:80'
    problems.push({ ...line.at, message: `${line.words[0]} has no name or no address; write it as ${example}` })
    return undefined
  }
  const parameters = [...defaults, ...readParameters(line, isTemplate ? 4 : 3)]
  const value = (parameter: string) => parameters.findLast((one) => one.name === parameter)?.value
  return {
    name,
    ...readEndpoint(address),
    check: readCheck(parameters),
    weight: numberOf(value('weight')) ?? 1,
    backup: isOn(parameters, 'backup'),
    disabled: isOn(parameters, 'disabled'),
    ssl: isOn(parameters, 'ssl'),
    sendProxy: isOn(parameters, 'send-proxy-v2') ? 'v2' : isOn(parameters, 'send-proxy') ? 'v1' : 'none',
    maxConnections: numberOf(value('maxconn')),
    template: isTemplate ? second : undefined,
    parameters,
    at: placeOf(line, 0),
  }
}

function readParameters(line: Line, start: number): Parameter[] {
  const parameters: Parameter[] = []
  for (let index = start; index < line.words.length; index += 1) {
    const name = line.words[index] ?? ''
    const at = placeOf(line, index)
    const value = WITH_VALUE.has(name) ? line.words[index + 1] : undefined
    parameters.push({ name, value, at })
    if (value !== undefined) index += 1
  }
  return parameters
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `name:80`; without a port, or with one that is added to the client's (`:+5`), it is not known. */
function readEndpoint(written: string): { address: string; port: number | undefined } {
  const bare = written.replace(/^(?:ipv[46]|tcp[46]?)@/, '')
  const [, host, port] = /^(.*):([+-]?\d{1,5})$/.exec(bare) ?? []
  // Without brackets the last group of an IPv6 address is taken for a port, as HAProxy does.
  const address = (host ?? bare).replace(/^\[(.*)\]$/, '$1')
  return { address, port: port === undefined || /^[+-]/.test(port) || port === '0' ? undefined : Number(port) }
}

function readCheck(parameters: readonly Parameter[]): ServerCheck | undefined {
  if (!isOn(parameters, 'check')) return undefined
  const value = (name: string) => parameters.findLast((one) => one.name === name)?.value
  const time = (name: string) => parseTimeMs(value(name) ?? '')
  const secured = isOn(parameters, 'ssl') && value('port') === undefined && value('addr') === undefined
  return {
    intervalMs: time('inter') ?? 2000,
    fastIntervalMs: time('fastinter'),
    downIntervalMs: time('downinter'),
    rise: numberOf(value('rise')) ?? 2,
    fall: numberOf(value('fall')) ?? 3,
    // A server that is spoken to by TLS is checked so, unless the check goes elsewhere (configuration.txt, check-ssl).
    ssl: isOn(parameters, 'check-ssl') || (secured && !parameters.some(({ name }) => name === 'no-check-ssl')),
    address: value('addr'),
    port: numberOf(value('port')),
    written: ['inter', 'rise', 'fall'].filter((name) => value(name) !== undefined),
  }
}

function isOn(parameters: readonly Parameter[], name: string): boolean {
  const last = parameters.findLast((one) => one.name === name || OPPOSITE.exec(one.name)?.[1] === name)
  return last?.name === name
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
