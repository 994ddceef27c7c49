import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import { type Networkd, networkdVerdict, networkManagerVerdict } from './verdicts/network.ts'

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

const LINKS = '/run/systemd/netif/links'
const DIRECTORIES = ['/usr/lib/systemd/network', '/run/systemd/network', '/etc/systemd/network']

/** systemd-networkd's own file of the link, which sd-network reads, and what that names. */
function readNetworkd(link: string): Networkd {
  try {
    if (!existsSync(LINKS)) return { kind: 'absent' }
    const index = readFileSync(`/sys/class/net/${link}/ifindex`, 'utf8').trim()
    const state = join(LINKS, index)
    const text = existsSync(state) ? readFileSync(state, 'utf8') : ''
    const file = /^NETWORK_FILE=(.+)$/m.exec(text)?.[1]
    if (file === undefined) return { kind: 'unmanaged' }
    return { kind: 'manages', file, keeps: keepsOf([file, ...dropInsOf(file)]) }
  } catch (error) {
    return { kind: 'unreadable', reason: (error as Error).message }
  }
}

function dropInsOf(file: string): string[] {
  const folder = `${basename(file)}.d`
  const found = DIRECTORIES.flatMap((directory) => {
    const path = join(directory, folder)
    return existsSync(path) ? readdirSync(path).map((name) => ({ name, path: join(path, name) })) : []
  })
  return found
    .filter(({ name }) => name.endsWith('.conf'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ path }) => path)
}

/** The last one that says it counts. */
function keepsOf(files: readonly string[]): string | undefined {
  return files
    .flatMap((file) => readFileSync(file, 'utf8').match(/^KeepConfiguration=.*$/gm) ?? [])
    .at(-1)
    ?.split('=')[1]
    ?.trim()
}
