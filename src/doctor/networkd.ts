import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Networkd } from './verdicts/network.ts'

const LINKS = '/run/systemd/netif/links'
const DIRECTORIES = ['/usr/lib/systemd/network', '/run/systemd/network', '/etc/systemd/network']

/** systemd-networkd's own file of the link, which sd-network reads, and what that names. */
export function readNetworkd(link: string): Networkd {
  try {
    if (!existsSync(LINKS)) return { kind: 'absent' }
    const index = readFileSync(`/sys/class/net/${link}/ifindex`, 'utf8').trim()
    const state = join(LINKS, index)
    const text = existsSync(state) ? readFileSync(state, 'utf8') : ''
    const file = /^NETWORK_FILE=(.+)$/m.exec(text)?.[1]
    if (file === undefined) return { kind: 'unmanaged' }
    const rootType = rootTypeOf(readFileSync('/proc/self/mounts', 'utf8'))
    return { kind: 'manages', file, keeps: keepsOf([file, ...dropInsOf(file)]), rootType }
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

/** Of proc_pid_mounts(5): what is mounted last on `/` is what one sees. */
function rootTypeOf(mounts: string): string {
  const roots = mounts.split('\n').map((line) => line.split(' '))
  return roots.findLast(([, where]) => where === '/')?.[2] ?? ''
}
