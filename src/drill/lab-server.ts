import { readFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'

/** What one server of the lab answers on one port. `unauthorized`: over TLS /readyz answers 401, as K3s does. */
export type LabPort = { port: number; proxyProtocol: boolean; unauthorized: boolean }

export type LabServerOptions = { name: string; ports: readonly LabPort[]; keyFile: string; certificateFile: string }

const PROXY_V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const TLS_HANDSHAKE = 0x16

/**
 * A small server for a pool member: HTTP, or HTTPS when the client begins with a TLS handshake, with or without a PROXY
 * header before it. Answers its own name. Ends with its standard input, so that it never outlives the drill.
 */
export async function runLabServer(json: string): Promise<void> {
  const options: LabServerOptions = JSON.parse(json)
  const credentials = { key: readFileSync(options.keyFile), cert: readFileSync(options.certificateFile) }
  await Promise.all(options.ports.map((port) => listen(options.name, port, credentials)))
  process.stdout.write('ready\n')
  process.stdin.on('close', () => process.exit(0)).resume()
  process.on('SIGTERM', () => process.exit(0))
}

function listen(name: string, port: LabPort, credentials: { key: Buffer; cert: Buffer }): Promise<void> {
  const http = createHttp((request, response) => answer(name, port, request, response))
  const tls = createTls(credentials, (socket) => http.emit('connection', socket))
  tls.on('tlsClientError', () => undefined)
  const dispatch = (socket: Socket, first: Buffer): void => {
    socket.unshift(first)
    if (first[0] === TLS_HANDSHAKE) tls.emit('connection', socket)
    else http.emit('connection', socket)
  }
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    takeFirst(socket, (first) => {
      if (!port.proxyProtocol) return dispatch(socket, first)
      const end = proxyHeaderEnd(first)
      if (end === undefined) return socket.destroy()
      if (first.length > end) return dispatch(socket, first.subarray(end))
      return takeFirst(socket, (next) => dispatch(socket, next))
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port.port, '::', () => resolve())
  })
}

function takeFirst(socket: Socket, next: (chunk: Buffer) => void): void {
  socket.once('readable', () => {
    const chunk: Buffer | null = socket.read()
    if (chunk !== null) next(chunk)
  })
}

/** Where a PROXY v2 header ends (the PROXY protocol, section 2.2); undefined when there is none. */
function proxyHeaderEnd(chunk: Buffer): number | undefined {
  if (chunk.length < 16 || !chunk.subarray(0, 12).equals(PROXY_V2_SIGNATURE)) return undefined
  return 16 + chunk.readUInt16BE(14)
}

function answer(name: string, port: LabPort, request: IncomingMessage, response: ServerResponse): void {
  const encrypted = 'encrypted' in request.socket
  const status = port.unauthorized && encrypted && request.url === '/readyz' ? 401 : 200
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ server: name, forwardedFor: request.headers['x-forwarded-for'] ?? null }))
}
