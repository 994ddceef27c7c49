import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseAgentConfig } from '../spec/parse-agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import { ConfigProblems } from './config-problems.ts'

/** Reads agent.yaml. */
export function readAgentConfig(file: string): AgentConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'does not exist' : (error as Error).message
    throw new ConfigProblems(
      `${file} ${why}; it says where the repository is (see README, "agent.yaml"), or name one: --config FILE`,
    )
  }
  const parsed = parseAgentConfig(text, file, { hostname: hostname() })
  if (parsed.kind === 'problems') throw new ConfigProblems(parsed.problems.map(formatProblem).join('\n'))
  return parsed.config
}
