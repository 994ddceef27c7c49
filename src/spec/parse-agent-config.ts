import type { output } from 'zod'
import type { AgentConfig } from './agent-config.ts'
import { agentSchema } from './agent-schema.ts'
import { parseFile } from './parse-file.ts'
import type { Problem } from './problem.ts'
import { quoted } from './shown.ts'

type Result = { kind: 'config'; config: AgentConfig } | { kind: 'problems'; problems: Problem[] }

/**
 * Reads agent.yaml. All problems come at once, in the order of the file. `defaults.hostname` is the node's name when the
 * file gives none. No message shows the repository's URL, which may hold a password.
 */
export function parseAgentConfig(text: string, file: string, defaults: { hostname: string }): Result {
  const parsed = parseFile({ text, file, schema: agentSchema, crossCheck: () => [] })
  if (parsed.kind === 'problems') return parsed
  const node = agentSchema.shape.node.safeParse(parsed.value.node ?? defaults.hostname).data
  if (node !== undefined) return { kind: 'config', config: toConfig(node, parsed.value) }
  const message = `node is missing, and the hostname ${quoted(defaults.hostname)} is no node name; set node to a name of lb.yaml`
  return { kind: 'problems', problems: [{ file, line: 0, col: 0, message }] }
}

function toConfig(node: string, written: output<typeof agentSchema>): AgentConfig {
  const { repository, supervisor, http, paths, metrics, haproxy, keepalived, health, apply, trust, hooks, webhooks } =
    written
  return {
    node,
    repository: { url: repository.url, branch: repository.branch, path: repository.path, everyMs: repository.every },
    supervisor,
    http: {
      ...http.listen,
      names: http.names,
      auth: http.auth && { basic: http.auth.basic, bearer: http.auth.bearer },
      tls: http.tls && { ...http.tls, authority: http.tls.authority ?? http.tls.certificate },
    },
    paths,
    metrics,
    haproxy,
    keepalived,
    health: {
      everyMs: health.every,
      timeoutMs: health.timeout,
      fall: health.fall,
      rise: health.rise,
    },
    apply: { confirmWindowMs: apply.confirmWindow, reloadTimeoutMs: apply.reloadTimeout },
    trust,
    hooks: { directory: hooks.directory, timeoutMs: hooks.timeout },
    webhooks: webhooks.map(({ timeout, ...webhook }) => ({ ...webhook, timeoutMs: timeout })),
  }
}
