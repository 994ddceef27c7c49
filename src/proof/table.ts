import { canonicalAddress } from './canonical-address.ts'
import { type Contest, contestOf, nextSituation, type Situation } from './contest.ts'
import type { World } from './elect.ts'
import { type FaultSet, faultSetOf, faultSets } from './fault-set.ts'
import { alikeText, type Field, fieldsOf } from './field.ts'
import type { Fault, ProofCluster, ProofNode, ProofVip, Router } from './model.ts'
import type { Outcome, VipTable } from './outcome.ts'
import { type Carriers, type Holders, holdersOf, outcomeOf } from './outcome-of.ts'

/** Rows for pairs of lost nodes take memory: 50 nodes with 200 VIPs have 245,000, 100 with 255 would have 1.3 million. */
const MOST_PAIRS = 500_000

/** Whether the table looks at pairs of lost nodes. */
function looksAtPairs({ nodes, vips }: Pick<ProofCluster, 'nodes' | 'vips'>): boolean {
  return ((nodes.length * (nodes.length - 1)) / 2) * vips.length <= MOST_PAIRS
}

/**
 * For every VIP who has it: healthy, under every fault on every node that may hold it, and when any two of them are lost, unless
 * there are too many pairs. The
 * healthy cluster is one whose nodes have started at the same time; with `nopreempt` it may stand otherwise, as it came to it.
 */
export function takeoverTable(cluster: ProofCluster): VipTable[] {
  const proofs = proofsOf(cluster)
  const known = new Map<string, Omit<VipTable, 'vip'>>()
  const sets = new Map<string, FaultSet[]>()
  const pairs = looksAtPairs(cluster)
  return cluster.vips.map((vip) => {
    const proof = proofs(vip)
    const { nodes } = proof.carriers
    const key = JSON.stringify([vip.hasServers, nodes.map(({ name }) => name)])
    const faults = sets.get(key) ?? faultSets(nodes, vip, { pairs })
    sets.set(key, faults)
    const alike = `${key} ${proof.alike}`
    const table = known.get(alike) ?? tableOf(proof, vip, faults)
    known.set(alike, table)
    return { vip, ...table }
  })
}

/** What becomes of each VIP, in their order, as faults come and go: those before the last of `sequence` are over by then. */
export function outcomesAfter(cluster: ProofCluster, sequence: readonly (readonly Fault[])[]): Outcome[] {
  const proofs = proofsOf(cluster)
  return cluster.vips.map((vip) => {
    const { contests, carriers } = proofs(vip)
    const healthy = faultSetOf([], carriers.nodes, vip)
    const sets = sequence.map((faults) => faultSetOf(faults, carriers.nodes, vip))
    const situations = contests().map((contest) =>
      sets.reduce((before, faults) => nextSituation(contest, before, faults), contest.healthy),
    )
    return outcome(carriers, situations, sets.at(-1) ?? healthy)
  })
}

/** What the proof of one VIP is made of. VIPs whose `alike` is the same have the same table. */
type Proof = { contests(): readonly Contest[]; carriers: Carriers; alike: string }

function tableOf(
  { contests: begin, carriers }: Proof,
  vip: ProofVip,
  sets: readonly FaultSet[],
): Omit<VipTable, 'vip'> {
  const contests = begin()
  const known = new Map<readonly World[], Holders>()
  const rows = sets.map((faults) => {
    const situations = contests.map((contest) => nextSituation(contest, contest.healthy, faults))
    return { faults: faults.faults, outcome: outcome(carriers, situations, faults, known) }
  })
  const healthy = contests.map((contest) => contest.healthy)
  return { healthy: outcome(carriers, healthy, faultSetOf([], carriers.nodes, vip)), rows }
}

/** `known`: holders by worlds; where an election ends in the very worlds that it began with, nobody who has the address was hit. */
function outcome(
  carriers: Carriers,
  situations: readonly Situation[],
  faults: FaultSet,
  known?: Map<readonly World[], Holders>,
): Outcome {
  const elections = situations.map(({ worlds }) => worlds)
  const [only, ...others] = elections
  const key = others.length === 0 ? only : undefined
  const holders = (key && known?.get(key)) ?? holdersOf(carriers, elections, faults)
  if (key !== undefined) known?.set(key, holders)
  return outcomeOf(holders, carriers, elections, faults)
}

function proofsOf(cluster: ProofCluster): (vip: ProofVip) => Proof {
  const nodes = new Map(cluster.nodes.map((node): [string, ProofNode] => [node.name, node]))
  const fieldOf = new Map<Router, Field>()
  for (const field of fieldsOf(cluster)) for (const { router } of field.seats) fieldOf.set(router, field)
  const carrying = carriersByAddress(cluster)
  const contestsOf = remembered((field: Field) => contestOf(field, nodes))
  const textOf = remembered(alikeText)
  return ({ address }) => {
    const routers = new Set(carrying.get(canonicalAddress(address)))
    const fields = [...new Set([...routers].flatMap((router) => fieldOf.get(router) ?? []))]
    const seats = fields.flatMap((field) => field.seats.filter(({ router }) => routers.has(router)))
    const names = new Set(seats.map(({ router }) => router.node))
    return {
      contests: () => fields.map(contestsOf),
      carriers: {
        actors: new Set(seats.map(({ actor }) => actor)),
        nodes: cluster.nodes.filter(({ name }) => names.has(name)),
      },
      alike: JSON.stringify(
        fields.map((field) => [textOf(field), field.seats.map(({ router }) => routers.has(router))]),
      ),
    }
  }
}

function carriersByAddress({ routers }: ProofCluster): ReadonlyMap<string, readonly Router[]> {
  const carrying = new Map<string, Router[]>()
  for (const router of routers) {
    for (const address of new Set(router.addresses.map(canonicalAddress))) {
      const known = carrying.get(address)
      if (known === undefined) carrying.set(address, [router])
      else known.push(router)
    }
  }
  return carrying
}

function remembered<Of extends object, Result>(work: (of: Of) => Result): (of: Of) => Result {
  const results = new Map<Of, Result>()
  return (of) => {
    const known = results.get(of)
    if (known !== undefined) return known
    const result = work(of)
    results.set(of, result)
    return result
  }
}
