import type { Problem } from '../spec/problem.ts'
import type { BindConfig, Line } from './config.ts'
import { placeOf } from './place.ts'

/** Parameters of `bind` that take a word (configuration.txt §5.1). All others stand alone. */
const WITH_VALUE = new Set([
  ...[
    'accept-netscaler-cip',
    'alpn',
    'backlog',
    'ca-ignore-err',
    'ca-sign-file',
    'ca-sign-pass',
    'ca-verify-file',
    'ca-file',
  ],
  ...[
    'ciphers',
    'ciphersuites',
    'client-sigalgs',
    'cpu-affinity',
    'crl-file',
    'crt',
    'crt-ignore-err',
    'crt-list',
    'curves',
  ],
  ...[
    'default-crt',
    'ecdhe',
    'expose-via-agent',
    'gid',
    'group',
    'guid-prefix',
    'id',
    'idle-ping',
    'interface',
    'label',
    'level',
  ],
  ...[
    'maxconn',
    'mode',
    'mss',
    'name',
    'namespace',
    'nice',
    'npn',
    'ocsp-update',
    'proto',
    'quic-cc-algo',
    'quic-socket',
  ],
  ...[
    'severity-output',
    'shards',
    'sigalgs',
    'ssl-max-ver',
    'ssl-min-ver',
    'tcp-md5sig',
    'tcp-ut',
    'thread',
    'tls-ticket-keys',
  ],
  ...['uid', 'user', 'verify'],
])

/** The addresses of a `bind` line, which may name several with commas between them, and share its parameters. */
export function readBind(line: Line, problems: Problem[]): BindConfig[] {
  const [, addresses] = line.words
  if (addresses === undefined) {
    problems.push({ ...line.at, message: 'bind has no address; write one, such as bind 10.0.0.10:443' })
    return []
  }
  const given = parametersOf(line)
  const shared = {
    v6only: given.has('v6only'),
    transparent: given.has('transparent'),
    ssl: given.has('ssl') || given.has('crt') || given.has('crt-list'),
    acceptsProxy: given.has('accept-proxy'),
    interface: given.get('interface'),
    at: line.at,
  }
  return addresses.split(',').map((address) => {
    const where = readAddress(address)
    if (where.path === undefined && where.port === undefined && !address.includes('$')) {
      problems.push({ ...placeOf(line, 1), message: `bind ${address} has no port; write one, such as ${address}:443` })
    }
    return { ...where, ...shared }
  })
}

function parametersOf(line: Line): Map<string, string | undefined> {
  const given = new Map<string, string | undefined>()
  for (let index = 2; index < line.words.length; index += 1) {
    const name = line.words[index] ?? ''
    const value = WITH_VALUE.has(name) ? line.words[index + 1] : undefined
    given.set(name, value)
    if (value !== undefined) index += 1
  }
  return given
}

type Where = Pick<BindConfig, 'address' | 'family' | 'path' | 'port' | 'lastPort'>

function readAddress(written: string): Where {
  const [, prefix, rest = ''] = /^(?:(\w+)@)?(.*)$/.exec(written) ?? []
  const isPath =
    rest.startsWith('/') || (prefix !== undefined && !/^(?:ipv[46]|tcp[46]?|udp[46]?|quic[46])$/.test(prefix))
  if (isPath) return { address: undefined, family: 4, path: written, port: undefined, lastPort: undefined }
  const [, host = rest, first, last] = /^(.*):(\d{1,5})(?:-(\d{1,5}))?$/.exec(rest) ?? []
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const isAny = ['', '*', '0.0.0.0', '::'].includes(bare)
  const port = first === undefined ? undefined : Number(first)
  return {
    address: isAny ? undefined : bare,
    family: bare.includes(':') || prefix === 'ipv6' ? 6 : 4,
    path: undefined,
    port,
    lastPort: last === undefined ? port : Number(last),
  }
}
