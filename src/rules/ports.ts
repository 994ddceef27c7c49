/** Watches are silent for minutes; the API server itself ends them after 5 to 10 (kube-apiserver, --min-request-timeout). */
export const WATCH_MS = 600_000
/** `http.listen` of agent.yaml, and `haproxy.healthPort` of lb.yaml, unless they say other ones. */
export const AGENT_PORT = 9853
export const HEALTH_PORT = 8405
