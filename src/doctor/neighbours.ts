import { readFileSync } from 'node:fs'
import { exec } from '../exec.ts'
import type { Node, Spec } from '../spec/spec.ts'

/** Who has which address, as the kernel has learned. */
export type Neighbour = { address: string; mac: string; state: string }

/** The kernel's neighbour table of one interface, without those that do not answer. */
export async function neighbours(link: string, signal: AbortSignal): Promise<Neighbour[]> {
  const said = await exec('ip', ['neighbour', 'show', 'dev', link], { timeoutMs: 2_000, signal })
  return said.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [, address, mac, state] = /^(\S+).* lladdr (\S+).* (\S+)\s*$/.exec(line) ?? []
      if (address === undefined || mac === undefined || state === undefined) return []
      return state === 'FAILED' ? [] : [{ address, mac, state }]
    })
}

/** The nodes with their link-layer addresses; `seen`: those of others, by their address. */
export function withMacs({ node, spec }: { node: Node; spec: Spec }, seen: ReadonlyMap<string, string>) {
  return spec.nodes.map(({ name, address }) => ({
    ...{ name, address },
    mac: name === node.name ? macOf(node.interface) : seen.get(address),
  }))
}

/** The link-layer address of an interface of ours. */
function macOf(link: string): string | undefined {
  try {
    return readFileSync(`/sys/class/net/${link}/address`, 'utf8').trim()
  } catch {
    return undefined
  }
}
