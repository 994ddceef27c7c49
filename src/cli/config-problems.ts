/** Thrown with sentences for the operator when agent.yaml cannot be used; exit code 1, or 3 of a verb that asks the agent. */
export class ConfigProblems extends Error {}

export const DEFAULT_CONFIG = '/etc/lb-agent/agent.yaml'
