import { FAULT_KINDS, type Fault, type FaultKind, type ProofNode, type ProofVip } from './model.ts'

/** Faults that are there together, and what they mean for nodes whatever keepalived does. */
export type FaultSet = {
  faults: readonly Fault[]
  byNode: ReadonlyMap<string, ReadonlySet<FaultKind>>
  /** Of the nodes that were asked about, those that serve, and those that may also hold an address. In their order. */
  serving: ReadonlySet<string>
  could: readonly string[]
}

const UNREACHABLE = ['link-down', 'node-lost'] as const
const WITHOUT_SERVERS = [...UNREACHABLE, 'haproxy-dead', 'haproxy-hung'] as const
const WITH_SERVERS = [...WITHOUT_SERVERS, 'servers-lost'] as const

type OfVip = Pick<ProofVip, 'hasServers'>

/** `nodes`: those that may have the VIP. */
export function faultSetOf(faults: readonly Fault[], nodes: readonly ProofNode[], { hasServers }: OfVip): FaultSet {
  const byNode = new Map<string, Set<FaultKind>>()
  for (const { node, kind } of faults) {
    const kinds = byNode.get(node)
    if (kinds === undefined) byNode.set(node, new Set([kind]))
    else kinds.add(kind)
  }
  const ends = hasServers ? WITH_SERVERS : WITHOUT_SERVERS
  const serving = nodes.filter(({ name }) => !hasOne(byNode.get(name), ends))
  const could = serving.filter((node) => canHold(node, byNode.get(node.name)))
  return { faults, byNode, serving: new Set(namesOf(serving)), could: namesOf(could) }
}

/** Every fault on every node, kind by kind, and then each pair of nodes that are lost (`pairs`). Without servers, none are lost. */
export function faultSets(
  nodes: readonly ProofNode[],
  vip: OfVip,
  { pairs: withPairs }: { pairs: boolean },
): FaultSet[] {
  const names = namesOf(nodes)
  const kinds = FAULT_KINDS.filter((kind) => vip.hasServers || kind !== 'servers-lost')
  const single = kinds.flatMap((kind) => names.map((node) => [{ kind, node }]))
  const lost = (node: string): Fault => ({ kind: 'node-lost', node })
  const others = withPairs ? names : []
  const pairs = others.flatMap((one, index) => others.slice(index + 1).map((other) => [lost(one), lost(other)]))
  return [...single, ...pairs].map((faults) => faultSetOf(faults, nodes, vip))
}

/** Nobody reaches the node: what addresses it has does not matter. */
export function isUnreachable({ byNode }: FaultSet, node: string): boolean {
  return hasOne(byNode.get(node), UNREACHABLE)
}

function canHold({ restartsKeepalived }: ProofNode, kinds: ReadonlySet<FaultKind> | undefined): boolean {
  if (kinds === undefined) return true
  return !kinds.has('keepalived-stopped') && (!kinds.has('keepalived-killed') || restartsKeepalived !== undefined)
}

function hasOne(kinds: ReadonlySet<FaultKind> | undefined, of: readonly FaultKind[]): boolean {
  return kinds !== undefined && of.some((kind) => kinds.has(kind))
}

function namesOf(nodes: readonly ProofNode[]): string[] {
  return nodes.map(({ name }) => name)
}
