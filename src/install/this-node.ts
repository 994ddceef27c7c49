import { ownAddresses } from '../observe/addresses.ts'
import type { Spec } from '../spec/spec.ts'
import type { Obstacle } from './options.ts'

/** Two machines that both believe to be one node do not hear each other: each takes the other's adverts for its own. */
export function whyNotThisNode(node: string, spec: Spec, own: ReadonlySet<string> = ownAddresses()): Obstacle[] {
  const named = spec.nodes.find(({ name }) => name === node)
  if (named === undefined || own.has(named.address)) return []
  const here = spec.nodes.find(({ address }) => own.has(address))
  const what = `${named.address}, the address of ${node} in lb.yaml, is on no interface of this machine that is up`
  return here === undefined
    ? [{ what, fix: `ip address show; nodes.${node}.address in lb.yaml, or --node` }]
    : [{ what: `${what}; it has ${here.address}, which is ${here.name}`, fix: `--node ${here.name}` }]
}
