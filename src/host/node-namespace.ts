import { randomBytes } from 'node:crypto'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Node } from '../spec/spec.ts'

const IP_TIMEOUT_MS = 5_000

/**
 * Runs `work` with a network namespace that has the node's interface and address, as `keepalived -t` demands, and nothing
 * else; it is removed afterwards. Needs root and iproute2. Throws when it cannot be made.
 */
export async function withNodeNamespace<T>(node: Node, work: (namespace: string) => Promise<T>): Promise<T> {
  const namespace = `lb-check-${randomBytes(4).toString('hex')}`
  await ip(['netns', 'add', namespace])
  try {
    // The kernel needs a second end for a veth; both stay inside.
    await ip(['-n', namespace, 'link', 'add', node.interface, 'type', 'veth', 'peer', 'name', 'lb-check-peer'])
    const family = node.address.includes(':') ? ['128', 'nodad'] : ['32']
    const [prefix = '', ...flags] = family
    await ip(['-n', namespace, 'address', 'add', `${node.address}/${prefix}`, 'dev', node.interface, ...flags])
    for (const link of ['lo', node.interface, 'lb-check-peer']) await ip(['-n', namespace, 'link', 'set', link, 'up'])
    return await work(namespace)
  } finally {
    await ip(['netns', 'delete', namespace])
  }
}

async function ip(args: readonly string[]): Promise<void> {
  const result = await exec('ip', args, { timeoutMs: IP_TIMEOUT_MS })
  if (!succeeded(result)) throw new Error(`ip ${args.join(' ')}: ${describeFailure(result)}`)
}
