import type { Router } from '../proof/model.ts'
import type { TableRow, VipTable } from '../proof/outcome.ts'
import { type Claim, findingsOf } from './claims.ts'
import { effective } from './effective.ts'
import { andList, type Evidence, finding, placeOf } from './evidence.ts'
import type { RuleFinding } from './finding.ts'
import { whyItStays } from './why-it-stays.ts'

/** What the takeover table says of who is not served, or served by two. */
export function takeoverRules(evidence: Evidence): RuleFinding[] {
  const groups = alike(evidence)
  const healthy = groups.flatMap((group) => ofHealthy(evidence, group))
  const claims = groups
    // Two of them while all is well, or nobody: under every fault as well, for the same reason.
    .filter(({ table: { healthy } }) => healthy.holders.length === 1 || healthy.oneOf.length > 0)
    .flatMap((group) => group.table.rows.flatMap((row) => ofRow(evidence, group, row)))
  return [...healthy, ...findingsOf(claims)]
}

/** Addresses of the same instances share their fate, and are told together. */
type Group = { addresses: string[]; table: VipTable; routers: readonly Router[] }

function alike({ cluster, table }: Evidence): Group[] {
  const carriers = new Map<string, Router[]>()
  for (const router of cluster.routers)
    for (const address of new Set(router.addresses)) {
      const known = carriers.get(address)
      if (known === undefined) carriers.set(address, [router])
      else known.push(router)
    }
  const groups = new Map<string, Group>()
  for (const one of table) {
    const routers = carriers.get(one.vip.address) ?? []
    const key = routers.map(({ node, name }) => `${node} ${name}`).join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { addresses: [one.vip.address], table: one, routers })
    else group.addresses.push(one.vip.address)
  }
  return [...groups.values()]
}

function ofHealthy(evidence: Evidence, { addresses, table, routers }: Group): RuleFinding[] {
  const { healthy, vip } = table
  const what = andList(addresses)
  const places = routers.map((router) => placeOf(evidence, router, 'priority'))
  if (healthy.oneOf.length > 0) {
    const tied = routers.filter(({ node }) => healthy.oneOf.includes(node))
    const [priority] = [...new Set(tied.map((router) => effective(router).text))]
    return [
      finding(
        'TIE',
        vip.prefer === undefined ? 'warning' : 'error',
        tied.map((router) => placeOf(evidence, router, 'priority')),
        `${andList(healthy.oneOf)} have the same priority for ${what}, ${priority}: the one that starts first holds it, and after a failure it does not come back`,
        'a priority of its own for each node',
      ),
    ]
  }
  if (healthy.holders.length > 1)
    return [
      finding(
        'TWO-HOLDERS',
        'error',
        places,
        `${andList(healthy.holders)} hold ${what} at the same time while all is well: they do not hear each other`,
        'see the other findings; lb-agent doctor on the nodes says whether VRRP reaches them',
      ),
    ]
  const [holder] = healthy.holders
  if (holder === undefined)
    return [
      finding(
        'TAKEOVER',
        'error',
        routers.length > 0 ? places : evidence.nodes.flatMap(({ config }) => config.fatal),
        `nobody holds ${what} while all is well`,
        routers.length > 0 ? 'see the other findings; a node must be without FAULT' : 'see the other findings',
      ),
    ]
  const [first] = vip.prefer ?? []
  if (first === undefined || first === holder) return []
  return [
    finding(
      'OWNER',
      'error',
      places,
      `${holder} holds ${what} while all is well, and ${first} is the first of prefer`,
      `a template that gives ${first} the highest priority`,
    ),
  ]
}

function ofRow(evidence: Evidence, { addresses, routers }: Group, { faults, outcome }: TableRow): Claim[] {
  const { holders, oneOf, serving, could } = outcome
  const at = (nodes: readonly string[]) =>
    routers.filter(({ node }) => nodes.includes(node)).map((router) => placeOf(evidence, router, 'priority'))
  const [fault, another] = faults
  if (fault === undefined) return []
  if (holders.length > 1) {
    // Of a pair of losses the two that are left are told by the healthy row, or by the loss of one.
    if (another !== undefined) return []
    const others = holders.filter((node) => node !== fault.node)
    return [
      fault.kind === 'keepalived-killed'
        ? { kind: 'left behind', node: fault.node, others, addresses, places: at(holders) }
        : { kind: 'two', fault, holders, addresses, places: at(holders) },
    ]
  }
  const isUnserved = serving.length === 0 || oneOf.some((node) => !serving.includes(node))
  if (!isUnserved || could.length === 0) return []
  const router = routers.find(({ node }) => node === fault.node && [...holders, ...oneOf].includes(node))
  if (router === undefined || another !== undefined) {
    const places = routers.map((one) => placeOf(evidence, one, 'priority'))
    return [{ kind: 'nobody', faults, holder: holders[0], oneOf, could, addresses, places }]
  }
  const isSure = holders.includes(fault.node)
  const why = whyItStays(evidence, { routers, router, kind: fault.kind, could })
  return [{ kind: 'stays', ...why, faults: [fault.kind], nodes: [fault.node], isSure, addresses }]
}
