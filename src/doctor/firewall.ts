import { readFileSync } from 'node:fs'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import { firewallVerdict, type Ruleset } from './verdicts/firewall.ts'

export const FIREWALL_CHECKS: readonly Check[] = [
  {
    family: 'network',
    name: 'firewall',
    look: async (_, signal) => ({ firewall: firewallVerdict(await readRuleset(signal)) }),
  },
]

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
