import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { http } from '../http.ts'
import { forTerminal } from '../words.ts'
import { AgentFailed } from './agent-failed.ts'
import { AgentUnreachable } from './agent-unreachable.ts'

const STATUS_WITHIN_MS = 5_000
/** An apply with both reloads, both confirmations and a rollback of them stays below this, and so does a stop that first
 * drains for five of the slowest adverts (40.95 s). */
const WORK_WITHIN_MS = 240_000

export type ControlClient = {
  /** GETs a JSON document. */
  get(path: string): Promise<unknown>
  /** POSTs and hands on each JSON line as it comes, until the work ends, `onLine` has had enough, or nothing comes for a while. */
  stream(path: string, onLine: (event: unknown) => 'more' | 'enough', silentForMs?: number): Promise<void>
}

/**
 * Talks to the agent that listens on `socketPath`; throws `AgentUnreachable` when there is none. Answers end on a terminal,
 * and whatever agent gave them: they come without terminal sequences and control characters.
 */
export function connectControl(socketPath: string): ControlClient {
  return {
    get: async (path) => {
      const chunks: Buffer[] = []
      for await (const chunk of await ask(socketPath, 'GET', path, STATUS_WITHIN_MS)) chunks.push(chunk)
      return forTerminal(JSON.parse(Buffer.concat(chunks).toString('utf8')))
    },
    stream: async (path, onLine, silentForMs = WORK_WITHIN_MS) => {
      const response = await ask(socketPath, 'POST', path, silentForMs)
      try {
        for await (const line of createInterface({ input: response })) {
          if (onLine(forTerminal(JSON.parse(line))) === 'enough') break
        }
      } catch (error) {
        throw new AgentUnreachable(`the agent has ended before its answer: ${(error as Error).message}`)
      }
      response.destroy()
    },
  }
}

/** `timeoutMs` bounds every silence, not the whole answer. */
function ask(socketPath: string, method: string, path: string, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const question = http.request({ socketPath, method, path, timeout: timeoutMs }, (response) => {
      if (response.statusCode === 200) return resolve(response)
      json(response).then(
        (body) =>
          reject(new AgentFailed(`the agent could not do it: ${forTerminal(body as { error?: string }).error}`)),
        () => reject(new AgentFailed(`the agent could not do it (status ${response.statusCode}); its log says why`)),
      )
    })
    question.on('timeout', () => question.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    question.on('error', (error) => reject(new AgentUnreachable(whyUnreachable(socketPath, error))))
    question.end()
  })
}

function whyUnreachable(socketPath: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no agent runs on this node (${socketPath}); HAProxy and keepalived need none to go on serving, unless lb-agent stop has ended them. Start it: systemctl start lb-agent (with supervisor: embedded, lb-agent-embedded), or lb-agent run`
    case 'EACCES':
      return `no permission for ${socketPath}; be root or in group lb-agent`
    default:
      return `the agent does not answer on ${socketPath}: ${error.message}`
  }
}
