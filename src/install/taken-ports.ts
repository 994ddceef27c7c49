import { examine } from '../doctor/check.ts'
import { PORT_CHECKS } from '../doctor/ports.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import type { Spec } from '../spec/spec.ts'
import type { Obstacle } from './options.ts'

/** Ports that HAProxy is to have and another program listens on, as the doctor sees them. */
export async function whyPortsTaken(config: AgentConfig, spec: Spec, signal: AbortSignal): Promise<Obstacle[]> {
  const node = spec.nodes.find(({ name }) => name === config.node)
  if (node === undefined || signal.aborted) return []
  const agent = { answers: false, pid: undefined, userName: 'lb-agent', user: undefined, as: undefined }
  const findings = await examine({ config, desired: { kind: 'known', spec, node }, agent }, PORT_CHECKS)
  return findings.flatMap((finding) => (finding.kind === 'problem' ? [{ what: finding.why, fix: finding.fix }] : []))
}
