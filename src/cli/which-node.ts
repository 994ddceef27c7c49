import type { Node } from '../spec/spec.ts'
import type { Desired } from './read-desired.ts'
import { whyNoNode } from './render-node.ts'

/** The node of lb.yaml that a verb is about, by name; or the exit code, when it has said why there is none. */
export function whichNode(
  desired: Extract<Desired, { kind: 'desired' }>,
  name: string | undefined,
): { kind: 'node'; node: Node } | { kind: 'none'; exitCode: 1 | 2 } {
  const { nodes } = desired.spec
  if (name === undefined) {
    console.error(`lb-agent: which node? --node NAME (nodes there: ${nodes.map((node) => node.name).join(', ')})`)
    return { kind: 'none', exitCode: 2 }
  }
  const node = nodes.find((one) => one.name === name)
  if (node !== undefined) return { kind: 'node', node }
  console.error(`lb-agent: ${whyNoNode(desired, name)}`)
  return { kind: 'none', exitCode: 1 }
}
