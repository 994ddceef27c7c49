import type { HaproxyConfig } from '../haproxy-config/config.ts'
import type { InstanceConfig } from '../keepalived-config/config.ts'
import type { ProofCluster, Router } from '../proof/model.ts'
import type { KeepalivedNode } from '../proof/of-keepalived.ts'
import type { VipTable } from '../proof/outcome.ts'
import type { Places } from '../spec/parse-file.ts'
import type { Position } from '../spec/problem.ts'
import type { RuleId } from '../spec/rule-ids.ts'
import type { Spec } from '../spec/spec.ts'
import { isSamePlace, type RuleFinding, type Severity } from './finding.ts'
import type { OwnFiles } from './own-files.ts'

/** What the rules look at. `spec`: the proof is of an lb.yaml. `nodes`: the keepalived.conf of each node, where there are any. */
export type Evidence = {
  cluster: ProofCluster
  table: readonly VipTable[]
  /** Who is to elect one MASTER (`electionsOf`). */
  elections: readonly (readonly Router[])[]
  spec: { spec: Spec; places: Places } | undefined
  nodes: readonly KeepalivedNode[]
  /** Hand-written haproxy.cfg, one for all nodes or one for each. */
  haproxy: readonly HaproxyConfig[]
  /** What the own templates of a repository give. */
  own: readonly OwnFiles[]
}

/** What of an instance a finding is about, in keepalived's words, and where lb.yaml says it. */
const IN_SPEC = {
  priority: 'prefer',
  virtual_router_id: 'virtualRouterId',
  virtual_ipaddress: 'address',
} as const

/** Where a part of a router is written. With own templates that is in what they give, but for what is as lb.yaml says. */
export function placeOf(evidence: Evidence, router: Router, keyword: string): Position {
  const { spec, nodes } = evidence
  if (spec !== undefined && (nodes.length === 0 || isAsSpecSays(spec.spec, router, keyword))) {
    if (keyword === 'advert_int') return spec.places(['vrrp', 'advertInterval'])
    const key = IN_SPEC[keyword as keyof typeof IN_SPEC]
    return spec.places(key === undefined ? ['vips', router.name] : ['vips', router.name, key])
  }
  const instance = instanceOf(nodes, router)
  return instance?.places.get(keyword) ?? instance?.at ?? router.at
}

function isAsSpecSays({ vips, vrrp }: Spec, router: Router, keyword: string): boolean {
  const vip = vips.find(({ name }) => name === router.name)
  if (vip === undefined) return false
  if (keyword === 'advert_int') return router.advertMs === vrrp.advertIntervalMs
  if (keyword === 'virtual_router_id') return router.virtualRouterId === vip.virtualRouterId
  return keyword === 'virtual_ipaddress' && router.advertised.join() === vip.address
}

export function instanceOf(nodes: readonly KeepalivedNode[], router: Router): InstanceConfig | undefined {
  const node = nodes.find(({ name }) => name === router.node)
  return node?.config.instances.find(({ name }) => name === router.name)
}

/** A finding whose places are there once each. */
export function finding(
  rule: RuleId,
  severity: Severity,
  places: readonly Position[],
  message: string,
  fix: string,
): RuleFinding {
  const once = places.filter((place, index) => places.findIndex((other) => isSamePlace(place, other)) === index)
  return { rule, severity, places: once, message, fix, accepted: undefined }
}

/**
 * Routers that are to elect one MASTER for the same addresses: of the same family and virtual router id, and with an address in
 * common, directly or through others. An id may be used again on another interface, or by unicast in another group of nodes.
 */
export function electionsOf(routers: readonly Router[]): Router[][] {
  return sameIds(routers).flatMap((alike) => {
    const groups: Router[][] = []
    for (const router of alike) {
      const related = groups.filter((group) => group.some((one) => !haveNothingInCommon(one, router)))
      for (const group of related) groups.splice(groups.indexOf(group), 1)
      groups.push([...related.flat(), router])
    }
    return groups
  })
}

/** Routers of the same family and virtual router id. */
export function sameIds(routers: readonly Router[]): Router[][] {
  return [...Map.groupBy(routers, ({ family, virtualRouterId }) => `${family} ${virtualRouterId}`).values()]
}

/** Other addresses, so that neither takes the other's adverts (2.2.7, vrrp_check_packet). */
export function haveNothingInCommon(one: Router, other: Router): boolean {
  if (one.addresses.length === 0 || other.addresses.length === 0) return false
  return !one.addresses.some((address) => other.addresses.includes(address))
}

/** Whether two nodes may hold an address of these at the same time, other than by a keepalived that was killed. */
export function isHeldTwice({ table }: Evidence, routers: readonly Router[]): boolean {
  const addresses = new Set(routers.flatMap((router) => router.addresses))
  return table
    .filter(({ vip }) => addresses.has(vip.address))
    .some(({ healthy, rows }) =>
      [{ faults: [], outcome: healthy }, ...rows].some(
        ({ faults, outcome }) => outcome.holders.length > 1 && !faults.some(({ kind }) => kind === 'keepalived-killed'),
      ),
    )
}

/** `lb1, lb2 and lb3`. */
export function andList(names: readonly string[]): string {
  const [last = ''] = names.slice(-1)
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

export function isAre(things: readonly unknown[]): string {
  return things.length === 1 ? 'is' : 'are'
}

export function addressesOf(router: Router): string {
  return router.addresses.length === 0 ? router.name : andList(router.addresses)
}
