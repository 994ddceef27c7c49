import { exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import { readNetworkd } from './networkd.ts'
import { networkdVerdict, networkManagerVerdict } from './verdicts/network.ts'

/** Who else manages the interface of the VIPs. */
export const MANAGER_CHECKS: readonly Check[] = [
  {
    family: 'network',
    name: 'systemd-networkd',
    look: async ({ desired }) => {
      if (desired.kind === 'unknown') return {}
      const link = desired.node.interface
      return { 'systemd-networkd': networkdVerdict(link, readNetworkd(link)) }
    },
  },
  {
    family: 'network',
    name: 'NetworkManager',
    look: async ({ desired }, signal) => {
      if (desired.kind === 'unknown') return {}
      const link = desired.node.interface
      const words = ['--terse', '--get-values', 'GENERAL.STATE', 'device', 'show', link]
      const said = await exec('nmcli', words, { timeoutMs: 3_000, signal })
      const state = succeeded(said) ? /\((.*)\)\s*$/.exec(said.stdout.toString('utf8'))?.[1] : undefined
      return { NetworkManager: networkManagerVerdict(link, state) }
    },
  },
]
