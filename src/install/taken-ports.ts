import { createServer } from 'node:net'
import { examine } from '../doctor/check.ts'
import { PORT_CHECKS } from '../doctor/ports.ts'
import { endpoint } from '../spec/address.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import type { Spec } from '../spec/spec.ts'
import type { Obstacle } from './options.ts'

/** Ports that HAProxy or the agent is to have and another program listens on. `running`: the agent has its own already. */
export async function whyPortsTaken(
  config: AgentConfig,
  spec: Spec,
  running: boolean,
  signal: AbortSignal,
): Promise<Obstacle[]> {
  const node = spec.nodes.find(({ name }) => name === config.node)
  if (node === undefined || signal.aborted) return []
  const agent = { answers: false, pid: undefined, userName: 'lb-agent', user: undefined, as: undefined }
  const [findings, own] = await Promise.all([
    examine({ config, desired: { kind: 'known', spec, node }, agent, manager: 'none' }, PORT_CHECKS),
    running ? undefined : whyNotListen(config),
  ])
  const taken = findings.flatMap((finding) =>
    finding.kind === 'problem' ? [{ what: finding.why, fix: finding.fix }] : [],
  )
  return own === undefined ? taken : [...taken, own]
}

/** The other nodes ask there who holds what. */
function whyNotListen({ http: { host, port } }: AgentConfig): Promise<Obstacle | undefined> {
  const at = endpoint(host, port)
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve({
        what:
          code === 'EADDRINUSE'
            ? `another program listens on ${at}, where the agent is to answer the other nodes and Prometheus (http.listen)`
            : `the agent cannot listen on ${at} (http.listen): ${message}`,
        fix: `ss -ltnp 'sport = :${port}' shows who has it; --listen ADDRESS:PORT takes another one, with the same port on all nodes`,
      }),
    )
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}
