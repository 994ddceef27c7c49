import { join } from 'node:path'
import { Client } from 'undici'
import type { AgentConfig } from '../spec/agent-config.ts'

/** Thrown when no agent answers on its control socket; exit code 3. */
export class AgentUnreachable extends Error {}

const STATUS_WITHIN_MS = 5_000
/** An apply with both reloads, both confirmations and a rollback of them stays below this. */
const WORK_WITHIN_MS = 120_000

export type ControlClient = {
  get(path: string): Promise<unknown>
  /** POSTs and hands on each JSON line as it comes. `onLine` may return 'enough' to stop listening. */
  stream(path: string, onLine: (event: unknown) => 'more' | 'enough'): Promise<void>
  close(): Promise<void>
}

/** Talks to the agent of this node. */
export function connectControl(config: AgentConfig): ControlClient {
  const socketPath = join(config.paths.runtime, 'control.sock')
  const client = new Client('http://agent', {
    connect: { socketPath },
    headersTimeout: STATUS_WITHIN_MS,
    bodyTimeout: WORK_WITHIN_MS,
  })
  const request = async (method: 'GET' | 'POST', path: string) => {
    try {
      return await client.request({ method, path })
    } catch (error) {
      throw new AgentUnreachable(unreachable(socketPath, error as NodeJS.ErrnoException))
    }
  }
  return {
    get: async (path) => (await request('GET', path)).body.json(),
    stream: async (path, onLine) => {
      const { body } = await request('POST', path)
      let rest = ''
      body.setEncoding('utf8')
      for await (const chunk of body) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (onLine(JSON.parse(line)) === 'enough') return
      }
    },
    close: () => client.destroy(),
  }
}

function unreachable(socketPath: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no agent runs on this node (${socketPath}); HAProxy and keepalived do not need it to go on serving. Start it: systemctl start lb-agent, or lb-agent run`
    case 'EACCES':
      return `no permission for ${socketPath}; be root or in group lb-agent`
    default:
      return `the agent does not answer on ${socketPath}: ${error.message}`
  }
}
