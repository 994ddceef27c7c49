import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { http } from '../http.ts'
import type { Access } from './access.ts'
import type { Certificate } from './certificate.ts'
import { listen } from './listen.ts'

/** What one path answers; made anew for each request. `policy`: its Content-Security-Policy, when it needs more than nothing. */
export type Page = { contentType: string; body: string | Buffer; policy?: string }
export type Routes = Readonly<Record<string, () => Promise<Page>>>

/** Goes on answering until the client hangs up. */
export type Stream = { isFull(): boolean; connect(response: ServerResponse): void }

export type NetworkOptions = {
  host: string
  port: number
  routes: Routes
  /** Paths that go on answering (server-sent events). */
  streams: Readonly<Record<string, Stream>>
  /** An answer failed; nothing of it goes to the client. */
  onError(error: Error): void
  /** Names by which this server may be called, besides addresses and `localhost`. */
  names: readonly string[]
  access: Access
  /** Undefined: http without TLS. */
  certificate: Certificate | undefined
  /** The certificate was to be renewed and is of no use, or (`undefined`) is as it should be. */
  onCertificate(reason: string | undefined): void
}

/** Slow and idle clients among them; a scrape needs one. */
const MAX_CONNECTIONS = 512
const MAX_HEADER_BYTES = 8 * 1024
const HEADERS_WITHIN_MS = 5_000
const REQUEST_WITHIN_MS = 10_000
const IDLE_MS = 15_000
/** A client that does not take its answer. */
const ANSWER_WITHIN_MS = 30_000

const CHECK_EVERY_MS = 1_000
const RENEW_EVERY_MS = 60_000
const MAX_REQUESTS_PER_CONNECTION = 1_000
/** Answers on their way at once: each may wait for a client that reads slowly, and is held in memory meanwhile. */
const MAX_ANSWERS = 64
/** Whoever listens on must show his credentials again after this; the page comes back by itself. */
const STREAM_FOR_MS = 300_000
const CLOSE_WITHIN_MS = 1_000

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

const EVENTS = 'text/event-stream'

/** Nothing here may be cached, framed, guessed at or loaded from elsewhere. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/**
 * What anybody on the network may read. It changes nothing, whatever is sent: every verb is on the control socket. A name
 * in `Host` that is not ours is refused, because a web page that resolves its own name to this address could read it.
 */
export async function serveNetwork(options: NetworkOptions): Promise<Server> {
  const names = new Set([...options.names, 'localhost'].map((name) => name.toLowerCase()))
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: CHECK_EVERY_MS }
  const busy = new WeakSet<Socket>()
  const onTheirWay = { answers: 0 }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    // No client of ours asks before it has the last answer; a thousand questions in one packet would be a thousand scrapes.
    if (busy.has(socket)) {
      socket.destroy()
      return
    }
    busy.add(socket)
    response.on('close', () => busy.delete(socket))
    request.socket.setTimeout(ANSWER_WITHIN_MS)
    answer(request, response, { ...options, names, onTheirWay }).catch((error: Error) => {
      options.onError(error)
      if (response.headersSent) response.destroy()
      else send(response, 500, text('the agent could not answer; its log says why'))
    })
  }
  const server = create(options, limits, onRequest)
  server.headersTimeout = HEADERS_WITHIN_MS
  server.requestTimeout = REQUEST_WITHIN_MS
  server.keepAliveTimeout = IDLE_MS
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
  server.maxConnections = MAX_CONNECTIONS
  server.on('timeout', (socket) => socket.destroy())
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // One that does not hang up by itself would keep its place for ever; and half of an answer gets no second head.
    const isHandshaking = 'secureConnecting' in socket && socket.secureConnecting === true
    if (isHandshaking || !socket.writable || ('_httpMessage' in socket && socket._httpMessage != null)) {
      socket.destroy()
      return
    }
    setTimeout(() => socket.destroy(), CLOSE_WITHIN_MS).unref()
    const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy())
  })
  await listen(server, () => server.listen(options.port, options.host))
  // Such as no descriptors for a new connection: that is no reason to end.
  server.on('error', options.onError)
  return server
}

function create(
  { certificate, onCertificate }: NetworkOptions,
  limits: ServerOptions,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (certificate === undefined) return http.createServer(limits, onRequest)
  const https = process.getBuiltinModule('node:https')
  const settings = { ...limits, ...certificate.current, handshakeTimeout: HEADERS_WITHIN_MS }
  const server = https.createServer(settings, onRequest)
  const timer = setInterval(() => {
    try {
      const renewed = certificate.renewed()
      if (renewed !== undefined) server.setSecureContext(renewed)
      onCertificate(undefined)
    } catch (error) {
      onCertificate((error as Error).message)
    }
  }, RENEW_EVERY_MS)
  server.on('close', () => clearInterval(timer))
  return server
}

type Door = Pick<NetworkOptions, 'routes' | 'streams' | 'access'> & {
  names: ReadonlySet<string>
  onTheirWay: { answers: number }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, streams, access, names, onTheirWay }: Door,
): Promise<void> {
  // Nothing here reads a body: whoever sends one is answered, and then hung up on.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
    response.shouldKeepAlive = false
  if (!isOurName(request.headers.host ?? '', names))
    return send(response, 421, text('this server has another name (http.names)'))
  if (!access.allows(request.headers.authorization)) {
    response.setHeader('www-authenticate', access.challenges)
    return send(response, 401, text('unauthorized'))
  }
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  const stream = Object.hasOwn(streams, path) ? streams[path] : undefined
  if (route === undefined && stream === undefined) return send(response, 404, text('not found'))
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, text('only GET and HEAD'))
  }
  if (route !== undefined) {
    if (onTheirWay.answers >= MAX_ANSWERS) return send(response, 503, text('too many are asking'))
    onTheirWay.answers += 1
    response.on('close', () => {
      onTheirWay.answers -= 1
    })
    return send(response, 200, await route())
  }
  if (request.method === 'HEAD') return send(response, 200, { contentType: EVENTS, body: '' })
  if (stream?.isFull() === true) return send(response, 503, text('too many are looking already'))
  request.socket.setTimeout(0)
  response.writeHead(200, { ...HEADERS, 'content-type': EVENTS })
  const timer = setTimeout(() => response.end(), STREAM_FOR_MS)
  response.on('close', () => clearTimeout(timer))
  stream?.connect(response)
}

/** `NAME`, `NAME:PORT`, `ADDRESS:PORT`, `[ADDRESS]:PORT`. */
function isOurName(host: string, names: ReadonlySet<string>): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return isIP(name) !== 0 || names.has(name)
}

function text(body: string): Page {
  return { contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}

function send(response: ServerResponse, status: number, { contentType, body, policy }: Page): void {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const headers = policy === undefined ? HEADERS : { ...HEADERS, 'content-security-policy': policy }
  response.writeHead(status, { ...headers, 'content-type': contentType, 'content-length': bytes.length })
  // For HEAD node:http keeps the body back.
  response.end(bytes)
}
