import { chmodSync, rmSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { http } from '../http.ts'
import { listen } from './listen.ts'

/** What may be asked of a running agent through its control socket. */
export type Control = {
  status(): Promise<unknown>
  /** All nodes, as they say themselves when this one asks them. */
  cluster(): Promise<unknown>
  /** What happened to one VIP; a string says why there is no answer. */
  why(vip: string): Promise<object | string>
  /** Streams one JSON line per event; the promise ends with the work. */
  sync(options: SyncOptions, line: (event: unknown) => void): Promise<void>
  rollback(line: (event: unknown) => void): Promise<void>
  drain(options: DrainOptions, line: (event: unknown) => void): Promise<void>
  undrain(vip: string | undefined): Promise<unknown>
  suspend(options: SuspendOptions): Promise<unknown>
  resume(): Promise<unknown>
  /** Stops both daemons. */
  stop(): Promise<void>
  /** Ends the agent. */
  end(): void
}

export type DrainOptions = { vip: string | undefined; forMs: number | undefined; forStop: boolean }
export type SuspendOptions = { forMs: number | undefined; reason: string }
export type SyncOptions = { retry: boolean; acceptRewind: boolean; restore: boolean }

const SOCKET_MODE = 0o660

/**
 * Answers on a UNIX socket: whoever may open it may operate this node, and nobody else (mode 0660). Reads are GET, the
 * rest POST. A socket left behind by a dead agent is replaced; the state directory's lock says that it is dead. `isBusy`:
 * somebody waits for work to be done.
 */
export async function serveControl(path: string, control: Control): Promise<{ server: Server; isBusy(): boolean }> {
  let atWork = 0
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') {
      atWork += 1
      response.on('close', () => {
        atWork -= 1
      })
    }
    route(request, response, control).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: error.message }))
    })
  })
  rmSync(path, { force: true })
  await listen(server, () => server.listen(path))
  // Such as no descriptors for a new connection: whoever asks again is answered.
  server.on('error', () => undefined)
  chmodSync(path, SOCKET_MODE)
  return { server, isBusy: () => atWork > 0 }
}

async function route(request: IncomingMessage, response: ServerResponse, control: Control): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://agent')
  const flag = (name: string): boolean => url.searchParams.get(name) === '1'
  const text = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  const milliseconds = (name: string): number | undefined => {
    const given = text(name)
    return given === undefined ? undefined : Number(given)
  }
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /v1/status':
      sendJson(response, await control.status())
      return
    case 'GET /v1/cluster':
      sendJson(response, await control.cluster())
      return
    case 'GET /v1/why': {
      const why = await control.why(url.searchParams.get('vip') ?? '')
      if (typeof why === 'object') sendJson(response, why)
      else refuse(response, 404, why)
      return
    }
    case 'POST /v1/sync':
      await streamLines(response, (line) =>
        control.sync({ retry: flag('retry'), acceptRewind: flag('acceptRewind'), restore: flag('restore') }, line),
      )
      return
    case 'POST /v1/rollback':
      await streamLines(response, (line) => control.rollback(line))
      return
    case 'POST /v1/drain': {
      const options = { vip: text('vip'), forMs: milliseconds('forMs'), forStop: flag('forStop') }
      const why = whyNoDrain(options)
      if (why === undefined) await streamLines(response, (line) => control.drain(options, line))
      else refuse(response, 400, why)
      return
    }
    case 'POST /v1/undrain':
      await streamLines(response, async (line) => line({ result: await control.undrain(text('vip')) }))
      return
    case 'POST /v1/suspend': {
      const options = { forMs: milliseconds('forMs'), reason: text('reason') ?? '' }
      const why = whyNoTime(options.forMs)
      if (why === undefined)
        await streamLines(response, async (line) => line({ result: await control.suspend(options) }))
      else refuse(response, 400, why)
      return
    }
    case 'POST /v1/resume':
      await streamLines(response, async (line) => line({ result: await control.resume() }))
      return
    case 'POST /v1/stop':
      await control.stop()
      response.on('finish', () => control.end())
      sendJson(response, {})
      return
    default:
      response.writeHead(404).end()
  }
}

function whyNoDrain({ forMs, forStop }: DrainOptions): string | undefined {
  if (forMs !== undefined && forStop)
    return 'a drain ends by itself after forMs, or with the next start (forStop); nothing was drained'
  return whyNoTime(forMs)
}

function whyNoTime(forMs: number | undefined): string | undefined {
  return forMs === undefined || (Number.isSafeInteger(forMs) && forMs > 0)
    ? undefined
    : 'forMs is not a number of milliseconds, 1 or more; nothing was begun'
}

function refuse(response: ServerResponse, code: 400 | 404, why: string): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error: why }))
}

async function streamLines(
  response: ServerResponse,
  work: (line: (event: unknown) => void) => Promise<void>,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  await work((event) => response.write(`${JSON.stringify(event)}\n`))
  response.end()
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
