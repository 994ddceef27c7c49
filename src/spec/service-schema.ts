import * as z from 'zod'
import { choice, duration, hostName, integer, name, section, text, vipName } from './fields.ts'

// HAProxy keeps timers in 31 bits of milliseconds (24.8 days).
const MAX_TIMER_MS = 24 * 86_400_000

export const port = () => integer('a port', 1, 65535)

const status = () => integer('an HTTP status', 100, 599)

export const checkType = () => choice('a check type', ['tcp', 'http', 'https'])

// No blank, quote, `$`, `%`, `#` or backslash: HAProxy would see the end of a word, a variable or a log format.
const checkPath = () =>
  text(
    /^\/[A-Za-z0-9._~+:@/?&=,-]{0,254}$/,
    'a check path begins with "/" and has letters, digits and ._~+:@/?&=,- only',
  )

const check = section('a check', {
  type: checkType().optional().meta({
    title: 'Type',
    description:
      'tcp: the port accepts a connection. http, https: a GET is answered with an expected status (https does not verify the certificate). Default: that of the profile.',
  }),
  path: checkPath().optional().meta({
    title: 'Path',
    description: 'What http and https ask for. Default: /readyz in the profile kubernetes-api, otherwise /.',
  }),
  host: hostName('a check host').optional().meta({ title: 'Host', description: 'The Host header of http and https.' }),
  expect: z
    .union(
      [
        status(),
        z
          .array(status(), { error: 'expect is one HTTP status or a list' })
          .min(1, { error: 'expect is at least one HTTP status' }),
      ],
      {
        error: 'expect is an HTTP status, such as 200, or a list of them',
      },
    )
    .optional()
    .meta({ title: 'Expect', description: 'The statuses that count as up: one or a list. Default: 200.' }),
  unauthorized: choice('unauthorized', ['up', 'down']).optional().meta({
    title: 'Unauthorized',
    description:
      'Whether status 401 counts as up. K3s answers an anonymous GET /readyz with 401: this proves that the API server answers, not that it is ready. Default: up in the profile kubernetes-api unless expect is given, otherwise down.',
  }),
  interval: duration('a check interval', 10, 3_600_000)
    .optional()
    .meta({ title: 'Interval', description: 'Time between two checks of a server. Default: 1s.' }),
  rise: integer('rise', 1, 100)
    .optional()
    .meta({ title: 'Rise', description: 'Good checks in a row that bring a server up. Default: 2.' }),
  fall: integer('fall', 1, 100)
    .optional()
    .meta({ title: 'Fall', description: 'Failed checks in a row that take a server down. Default: 2.' }),
})

const timeouts = section('timeouts', {
  connect: duration('a connect timeout', 1, MAX_TIMER_MS)
    .optional()
    .meta({ title: 'Connect', description: 'Time for a connection to a server. Default: 2s.' }),
  client: duration('a client timeout', 1, MAX_TIMER_MS).optional().meta({
    title: 'Client',
    description: 'Silence of the client that ends a connection. Default: 60s; kubernetes-api: 4h.',
  }),
  server: duration('a server timeout', 1, MAX_TIMER_MS).optional().meta({
    title: 'Server',
    description: 'Silence of the server that ends a connection. Default: 60s; kubernetes-api: 4h.',
  }),
  tunnel: duration('a tunnel timeout', 1, MAX_TIMER_MS).optional().meta({
    title: 'Tunnel',
    description:
      'Silence in both directions of an established stream (mode tcp, WebSocket). Default: 1h; kubernetes-api: 4h, for watches.',
  }),
})

export const checkSchema = z.union([checkType(), check], {
  error:
    'a check is tcp, http, https, or a mapping with the keys type, path, host, expect, unauthorized, interval, rise, fall',
})

export const serviceSchema = section('a service', {
  vip: vipName().meta({ title: 'VIP', description: 'Name of the VIP that clients connect to.' }),
  port: port().meta({ title: 'Port', description: 'Port of the VIP that clients connect to.' }),
  pool: name('a pool name').meta({ title: 'Pool', description: 'Name of the pool that answers.' }),
  profile: choice('a profile', ['kubernetes-api', 'tcp', 'http']).default('tcp').meta({
    title: 'Profile',
    description:
      'The defaults of this service. tcp: mode tcp, roundrobin, tcp check. http: the same in mode http. kubernetes-api: mode tcp, leastconn, https check of /readyz (200, or 401 as K3s answers anonymous questions), timeouts fit for watches.',
  }),
  minimumServers: integer('minimumServers', 1, 1000).default(1).meta({
    title: 'Minimum of servers',
    description: 'With fewer servers up, as seen from a node, the service counts as down there.',
  }),
  balance: choice('balance', ['roundrobin', 'leastconn', 'source'])
    .optional()
    .meta({ title: 'Balance', description: 'How a server is chosen. Default: roundrobin; kubernetes-api: leastconn.' }),
  serverPort: port()
    .optional()
    .meta({ title: 'Server port', description: 'Port of servers that give none. Default: port.' }),
  sendProxy: choice('sendProxy', ['none', 'v2']).default('none').meta({
    title: 'Send PROXY header',
    description:
      'v2: servers learn the client address by the PROXY protocol. They must expect it, and trust the addresses of the nodes.',
  }),
  check: checkSchema.optional().meta({
    title: 'Check',
    description: 'How a server is found up or down: a type alone, or a mapping. Default: that of the profile.',
  }),
  timeouts: timeouts
    .prefault({})
    .meta({ title: 'Timeouts', description: 'Timeouts that differ from those of the profile.' }),
}).meta({ title: 'Service', description: 'One port of one VIP and the pool behind it.' })
