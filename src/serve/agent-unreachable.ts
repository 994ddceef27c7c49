/** Thrown when no agent answers on its control socket. The message says what still holds and what to do. */
export class AgentUnreachable extends Error {}
