import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { http } from '../http.ts'
import { readProxyHeader } from './proxy-header.ts'

/** What one server of the lab answers on one port. `unauthorized`: over TLS /readyz answers 401, as K3s does. */
export type LabPort = { port: number; proxyProtocol: boolean; unauthorized: boolean }

export type LabServerOptions = { name: string; ports: readonly LabPort[]; keyFile: string; certificateFile: string }

const TLS_HANDSHAKE = 0x16

/**
 * A small server for a pool member: HTTP, or HTTPS when the client begins with a TLS handshake, with or without a PROXY
 * header before it. Answers its own name and the client's address as JSON. Ends with its standard input, so that it never
 * outlives the drill.
 */
export async function runLabServer(json: string): Promise<void> {
  const options: LabServerOptions = JSON.parse(json)
  const credentials = { key: readFileSync(options.keyFile), cert: readFileSync(options.certificateFile) }
  await Promise.all(options.ports.map((port) => listen(options.name, port, credentials)))
  process.stdin.on('close', () => process.exit(0)).resume()
  process.on('SIGTERM', () => process.exit(0))
  // Last: whoever reads it may end this at once.
  process.stdout.write('ready\n')
}

function listen(name: string, port: LabPort, credentials: { key: Buffer; cert: Buffer }): Promise<void> {
  // A TLS socket hides the one below it, but both have the same remote port; so that finds what the PROXY header said.
  const sources = new Map<string, string>()
  const clientOf = ({ socket }: IncomingMessage): string =>
    sources.get(peerOf(socket)) ?? (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const web = http.createServer((request, response) => answer(name, port, clientOf(request), request, response))
  const tls = createTls(credentials, (socket) => web.emit('connection', socket))
  tls.on('tlsClientError', () => undefined)
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sources.delete(peer))
    readStart(socket, port.proxyProtocol, (first, source) => {
      if (source !== undefined) sources.set(peer, source)
      socket.unshift(first)
      if (first[0] === TLS_HANDSHAKE) tls.emit('connection', socket)
      else web.emit('connection', socket)
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port.port, '::', () => resolve())
  })
}

/** Reads until what follows the PROXY header (if there must be one) has begun; closes a connection without it. */
function readStart(socket: Socket, proxied: boolean, next: (first: Buffer, source: string | undefined) => void): void {
  let data = Buffer.alloc(0)
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    data = Buffer.concat([data, chunk])
    const header = proxied ? readProxyHeader(data) : { kind: 'header' as const, bytes: 0, source: undefined }
    if (header.kind === 'none') {
      socket.destroy()
      return
    }
    if (header.kind === 'incomplete' || data.length === header.bytes) return
    socket.off('readable', onReadable)
    next(data.subarray(header.bytes), header.source)
  }
  socket.on('readable', onReadable)
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function answer(name: string, port: LabPort, client: string, request: IncomingMessage, response: ServerResponse): void {
  const encrypted = 'encrypted' in request.socket
  const status = port.unauthorized && encrypted && request.url === '/readyz' ? 401 : 200
  const body = JSON.stringify({ server: name, client, forwardedFor: request.headers['x-forwarded-for'] ?? null })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
