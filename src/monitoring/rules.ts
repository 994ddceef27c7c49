import type { Spec } from '../spec/spec.ts'
import type { AlertRule } from './alert-rule.ts'
import { nodeRules } from './node-rules.ts'
import { releaseRules } from './release-rules.ts'
import { selectorOf } from './selector.ts'
import { serviceRules } from './service-rules.ts'
import { vipRules } from './vip-rules.ts'

export type RuleFile = { groups: { name: string; interval: string; rules: AlertRule[] }[] }

/**
 * Alerts about one cluster. Each is about a fact that an agent knows (the kernel's addresses, HAProxy's servers), never
 * about the number that some exporter gives a state. What is not known has no sample, so that a silent node fires
 * LbAgentDown and nothing else. `cluster` is a label of the job, so that two clusters do not add up.
 */
export function alertRules(spec: Spec): RuleFile {
  const of = selectorOf(spec)
  return {
    groups: [
      {
        name: `lb-agent ${spec.cluster}`,
        // Prometheus' default is a minute.
        interval: '5s',
        // The last one looks at what the ones before it say.
        rules: [...vipRules(of, spec), ...serviceRules(of), ...releaseRules(of), ...nodeRules(of, spec)],
      },
    ],
  }
}
