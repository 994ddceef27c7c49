import { existsSync } from 'node:fs'
import { lookWhetherSetUp, type NotSetUp } from '../install/not-set-up.ts'
import { AgentUnreachable } from '../serve/agent-unreachable.ts'
import { type ControlClient, connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { DEFAULT_CONFIG } from './config-problems.ts'
import { readAgentConfig } from './read-config.ts'

/**
 * The agent of this node, as agent.yaml says. Throws `AgentUnreachable`, now or when it is asked: where lb-agent is not set up on
 * this host, with what sets it up instead of how a stopped agent is started.
 */
export async function agentHere(configFile: string): Promise<ControlClient> {
  const never = await notSetUpWithoutConfig(configFile)
  if (never !== undefined) throw unreachable(never)
  const config = readAgentConfig(configFile)
  const control = connectControl(controlSocketOf(config))
  const explained = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    try {
      return await asked
    } catch (error) {
      throw error instanceof AgentUnreachable ? await explain(error, configFile, config) : error
    }
  }
  return {
    get: (path) => explained(control.get(path)),
    stream: (path, onLine, silentForMs) => explained(control.stream(path, onLine, silentForMs)),
  }
}

/** Why lb-agent is not set up where the usual agent.yaml is not there; undefined where it is, or a person has named another one. */
export async function notSetUpWithoutConfig(configFile: string): Promise<NotSetUp | undefined> {
  if (configFile !== DEFAULT_CONFIG || existsSync(configFile)) return undefined
  return await lookWhetherSetUp(configFile, undefined)
}

async function explain(error: AgentUnreachable, configFile: string, config: AgentConfig): Promise<AgentUnreachable> {
  const notSetUp = await lookWhetherSetUp(configFile, config)
  return notSetUp === undefined ? error : unreachable(notSetUp)
}

function unreachable({ reason, fix }: NotSetUp): AgentUnreachable {
  return new AgentUnreachable(`not set up on this host: ${reason}. To set it up: ${fix}`)
}
