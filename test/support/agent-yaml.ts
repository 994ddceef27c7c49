import { parseAgentConfig } from '../../src/spec/parse-agent-config.ts'
import { formatProblem } from '../../src/spec/problem.ts'

/** Reads an agent.yaml on the host of that name. */
export function parse(text: string, hostname = 'lb1') {
  return parseAgentConfig(text, 'agent.yaml', { hostname })
}

/** Each as `agent.yaml:line:column  sentence`. */
export function problemsOf(text: string, hostname?: string): string[] {
  const parsed = parse(text, hostname)
  return parsed.kind === 'config' ? [] : parsed.problems.map(formatProblem)
}
