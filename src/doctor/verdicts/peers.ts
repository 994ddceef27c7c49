import { cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** `aheadMs`: of our clock, by the middle of the question; `withinMs`: half of how long it took. */
export type PeerHeard =
  | { kind: 'answers'; aheadMs: number | undefined; withinMs: number }
  | { kind: 'silent'; reason: string }

export function peerVerdict(
  { name, address }: { name: string; address: string },
  heard: PeerHeard,
  port: number,
): Verdict {
  if (heard.kind === 'answers') return ok(`The agent of ${name} answers at ${address}:${port}.`)
  return problem(
    `The agent of ${name} does not answer at ${address}:${port}: ${heard.reason}.`,
    `there: systemctl status lb-agent, and in agent.yaml http: { listen: "0.0.0.0:${port}" }; a firewall between must let TCP ${port} through`,
  )
}

/** Beyond it, times of two nodes beside each other (why, logs, alerts) tell another order than the true one. */
const OUT_OF_STEP_MS = 1_000

export function clockVerdict(name: string, heard: PeerHeard): Verdict {
  if (heard.kind === 'silent') return cannotTell(`The agent of ${name} does not answer, so its clock is not known.`)
  const { aheadMs, withinMs } = heard
  if (aheadMs === undefined) return cannotTell(`The agent of ${name} does not say what time it is.`)
  if (Math.abs(aheadMs) - withinMs <= OUT_OF_STEP_MS) return ok(`The clocks of ${name} and of this node are in step.`)
  const by = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s`
  return problem(
    `The clock of ${name} is ${by} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this node.`,
    'on both: timedatectl; timedatectl set-ntp true (or chronyc tracking) tells and mends which one is wrong',
  )
}
