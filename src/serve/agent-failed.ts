/** Thrown when the agent answers that it could not do what it was asked; exit code 1. The message is the agent's. */
export class AgentFailed extends Error {}
