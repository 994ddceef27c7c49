import type { Node } from '../spec/spec.ts'
import type { Desired } from './read-desired.ts'
import { refuse } from './refuse.ts'
import { whyNoNode } from './render-node.ts'

/** The node of lb.yaml that a verb is about, by name; or the exit code, when it has said why there is none. */
export function whichNode(
  desired: Extract<Desired, { kind: 'desired' }>,
  name: string | undefined,
  options: { json?: boolean } = {},
): { kind: 'node'; node: Node } | { kind: 'none'; exitCode: number } {
  const { nodes } = desired.spec
  if (name === undefined) {
    const why = `which node? --node NAME (nodes there: ${nodes.map((node) => node.name).join(', ')})`
    return { kind: 'none', exitCode: refuse(why, options) }
  }
  const node = nodes.find((one) => one.name === name)
  if (node !== undefined) return { kind: 'node', node }
  return { kind: 'none', exitCode: refuse(whyNoNode(desired, name) ?? '', { ...options, code: 1 }) }
}
