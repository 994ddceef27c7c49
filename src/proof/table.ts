import { parseIpAddress } from '../spec/address.ts'
import { type Contest, contestOf, nextSituation, type Situation } from './contest.ts'
import { type Field, fieldsOf } from './field.ts'
import { FAULT_KINDS, type Fault, type ProofCluster, type ProofVip, type Router } from './model.ts'
import type { Outcome, TableRow, VipTable } from './outcome.ts'
import { type Carriers, outcomeOf } from './outcome-of.ts'

/**
 * For every VIP who has it: healthy, under every fault on every node that may hold it, and when any two of them are lost. The
 * healthy cluster is one whose nodes have started at the same time; with `nopreempt` it may stand otherwise, as it came to it.
 */
export function takeoverTable(cluster: ProofCluster): VipTable[] {
  const known = new Map<string, Omit<VipTable, 'vip'>>()
  const elections = electionsOf(cluster)
  return cluster.vips.map((vip) => {
    const election = elections(vip)
    const rows = known.get(election.alike) ?? rowsOf(election)
    known.set(election.alike, rows)
    return { vip, ...rows }
  })
}

/** What becomes of each VIP, in their order, when the faults come and go: the last of `sequence` is there, and those before it are over. */
export function outcomesAfter(cluster: ProofCluster, sequence: readonly (readonly Fault[])[]): Outcome[] {
  const elections = electionsOf(cluster)
  return cluster.vips.map((vip) => {
    const { contests, carriers } = elections(vip)
    const situations = contests().map((contest) =>
      sequence.reduce((before, faults) => nextSituation(contest, before, faults), contest.healthy),
    )
    return outcome(carriers, situations, sequence.at(-1) ?? [])
  })
}

/** `alike`: VIPs with the same text have the same rows. */
type Election = { contests(): readonly Contest[]; carriers: Carriers; alike: string }

function rowsOf({ contests: begin, carriers }: Election): Omit<VipTable, 'vip'> {
  const contests = begin()
  const row = (faults: readonly Fault[]): TableRow => {
    const situations = contests.map((contest) => nextSituation(contest, contest.healthy, faults))
    return { faults, outcome: outcome(carriers, situations, faults) }
  }
  const nodes = carriers.nodes.map(({ name }) => name)
  const single = FAULT_KINDS.flatMap((kind) => nodes.map((node) => [{ kind, node }]))
  const pairs = nodes.flatMap((one, index) =>
    nodes.slice(index + 1).map((other): Fault[] => [
      { kind: 'node-lost', node: one },
      { kind: 'node-lost', node: other },
    ]),
  )
  const healthy = outcome(
    carriers,
    contests.map((contest) => contest.healthy),
    [],
  )
  return { healthy, rows: [...single, ...pairs].map(row) }
}

function outcome(carriers: Carriers, situations: readonly Situation[], faults: readonly Fault[]): Outcome {
  return outcomeOf(
    carriers,
    situations.map(({ worlds }) => worlds),
    faults,
  )
}

function electionsOf(cluster: ProofCluster): (vip: ProofVip) => Election {
  const nodes = new Map(cluster.nodes.map((node) => [node.name, node]))
  const fieldOf = new Map<Router, Field>()
  for (const field of fieldsOf(cluster)) for (const { router } of field.seats) fieldOf.set(router, field)
  const carrying = carriersByAddress(cluster)
  const contests = new Map<Field, Contest>()
  const texts = new Map<Field, string>()
  return ({ address }) => {
    const routers = new Set(carrying.get(canonical(address)))
    const fields = [...new Set([...routers].flatMap((router) => fieldOf.get(router) ?? []))]
    const seats = fields.flatMap((field) => field.seats.filter(({ router }) => routers.has(router)))
    const names = new Set(seats.map(({ router }) => router.node))
    const texted = fields.map((field) => texts.get(field) ?? alikeText(field))
    for (const [index, field] of fields.entries()) texts.set(field, texted[index] ?? '')
    return {
      contests: () =>
        fields.map((field) => {
          const contest = contests.get(field) ?? contestOf(field, nodes)
          contests.set(field, contest)
          return contest
        }),
      carriers: {
        actors: [...new Set(seats.map(({ actor }) => actor))],
        nodes: cluster.nodes.filter(({ name }) => names.has(name)),
      },
      alike: JSON.stringify([texted, fields.map((field) => field.seats.map(({ router }) => routers.has(router)))]),
    }
  }
}

function carriersByAddress({ routers }: ProofCluster): ReadonlyMap<string, readonly Router[]> {
  const carrying = new Map<string, Router[]>()
  for (const router of routers) {
    for (const address of new Set(router.addresses.map(canonical))) {
      const known = carrying.get(address)
      if (known === undefined) carrying.set(address, [router])
      else known.push(router)
    }
  }
  return carrying
}

/** All of a field that its elections depend on, so that 200 VIPs with the same order of nodes are proved once. */
function alikeText({ seats }: Field): string {
  return JSON.stringify(
    seats.map(({ router, actor, hears }) => [
      router.node,
      actor.index,
      router.syncGroup === undefined,
      router.version,
      router.priority,
      router.advertMs,
      router.nopreempt,
      router.preemptDelayMs,
      router.startsAsMaster,
      router.source,
      router.downTimerAdverts,
      router.tracksInterface,
      router.trackers.map(({ what, healthy, under }) => [what, healthy, under]),
      hears.map(Number).join(''),
    ]),
  )
}

function canonical(address: string): string {
  return parseIpAddress(address)?.text ?? address
}
