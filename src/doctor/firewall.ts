import { readFileSync } from 'node:fs'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import type { Examined } from './examined.ts'
import { firewallVerdict, type Ruleset } from './verdicts/firewall.ts'

export const FIREWALL_CHECKS: readonly Check[] = [
  {
    family: 'network',
    name: 'firewall',
    look: async ({ desired }, signal) => {
      // A balancer that is alone hears no adverts, and may well drop those of others.
      if (desired.kind === 'known' && desired.spec.nodes.length === 1) return {}
      return { firewall: firewallVerdict(await readRuleset(signal), knownSources(desired)) }
    },
  },
]

/** The nodes that share a VIP with this one. By multicast, their adverts may come from other addresses than those of lb.yaml. */
function knownSources(desired: Examined['desired']): { name: string; address: string }[] {
  if (desired.kind === 'unknown' || desired.spec.vrrp.transport === 'multicast') return []
  const { spec, node } = desired
  const shared = spec.vips.filter(({ prefer }) => prefer.includes(node.name))
  return spec.nodes.filter(({ name }) => name !== node.name && shared.some(({ prefer }) => prefer.includes(name)))
}

async function readRuleset(signal: AbortSignal): Promise<Ruleset> {
  if (process.getuid?.() !== 0) return { kind: 'not root' }
  const said = await exec('nft', ['-j', 'list', 'ruleset'], { timeoutMs: 4_000, signal })
  if (said.kind === 'missing') return { kind: 'no nft' }
  if (!succeeded(said)) return { kind: 'failed', reason: describeFailure(said) }
  return { kind: 'rules', json: said.stdout.toString('utf8'), legacy: legacyTables() }
}

/** Empty without the module of iptables-legacy. */
function legacyTables(): string[] {
  try {
    return readFileSync('/proc/net/ip_tables_names', 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}
