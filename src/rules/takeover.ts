import type { Fault, Router } from '../proof/model.ts'
import type { Outcome, TableRow, VipTable } from '../proof/outcome.ts'
import { andList, type Evidence, finding, placeOf } from './evidence.ts'
import { FAULT_WORDS } from './fault-words.ts'
import type { RuleFinding } from './finding.ts'
import { whyItStays } from './why-it-stays.ts'

/** What the takeover table says of who is not served, or served by two. */
export function takeoverRules(evidence: Evidence): RuleFinding[] {
  return alike(evidence).flatMap((group) => {
    const healthy = ofHealthy(evidence, group)
    // Two of them while all is well: under every fault as well, for the same reason.
    if (group.table.healthy.holders.length > 1) return healthy
    return [...healthy, ...group.table.rows.flatMap((row) => ofRow(evidence, group, row))]
  })
}

/** Addresses of the same instances share their fate, and are told together. */
type Group = { addresses: string[]; table: VipTable; routers: readonly Router[] }

function alike({ cluster, table }: Evidence): Group[] {
  const groups = new Map<string, Group>()
  for (const one of table) {
    const routers = cluster.routers.filter(({ addresses }) => addresses.includes(one.vip.address))
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
    const nodes = routers.filter(({ node }) => healthy.oneOf.includes(node))
    const told = nodes.map(({ node, priority }) => `${priority} on ${node}`)
    return [
      finding(
        'TIE',
        'error',
        nodes.map((router) => placeOf(evidence, router, 'priority')),
        `${what} has priority ${andList(told)}: of equal ones the node that starts first holds it, and no check with a weight can tell them apart`,
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
        places,
        `nobody holds ${what} while all is well`,
        'see the other findings; a node must be without FAULT',
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

function ofRow(evidence: Evidence, group: Group, row: TableRow): RuleFinding[] {
  const { outcome, faults } = row
  if (outcome.holders.length > 1) return twoHolders(evidence, group, row)
  if (outcome.serving.length > 0 || outcome.could.length === 0) return []
  const [fault] = faults
  const [holder] = outcome.holders
  const router = group.routers.find(({ node }) => node === holder)
  if (fault !== undefined && faults.length === 1 && router !== undefined && fault.node === holder)
    return [whyItStays(evidence, { ...group, router, fault, could: outcome.could })]
  return [nobody(evidence, group, faults, outcome)]
}

function nobody(evidence: Evidence, group: Group, faults: readonly Fault[], outcome: Outcome): RuleFinding {
  const told = faults.map(({ kind, node }) => `${FAULT_WORDS[kind]} on ${node}`)
  const has = outcome.holders[0] ?? (outcome.oneOf.length > 0 ? `one of ${andList(outcome.oneOf)}` : 'nobody')
  return finding(
    'TAKEOVER',
    'error',
    group.routers.map((router) => placeOf(evidence, router, 'priority')),
    `with ${andList(told)}, ${has} has ${andList(group.addresses)}, although ${andList(outcome.could)} could serve it`,
    'see the other findings',
  )
}

function twoHolders(evidence: Evidence, group: Group, { faults, outcome }: TableRow): RuleFinding[] {
  const [fault, another] = faults
  // Of a pair of losses the two that are left are told by the healthy row, or by the loss of one.
  if (fault === undefined || another !== undefined) return []
  const what = andList(group.addresses)
  const isLeft = fault.kind === 'keepalived-killed'
  const places = group.routers
    .filter(({ node }) => outcome.holders.includes(node))
    .map((router) => placeOf(evidence, router, 'priority'))
  if (isLeft) {
    const others = outcome.holders.filter((node) => node !== fault.node)
    return [
      finding(
        'TWO-HOLDERS',
        'warning',
        places,
        `keepalived killed on ${fault.node} leaves ${what} there, and ${andList(others)} takes it as well, until keepalived is started again`,
        'Restart=always and a clean-up in its unit (systemctl edit keepalived), as lb-agent installs them',
      ),
    ]
  }
  return [
    finding(
      'TWO-HOLDERS',
      'error',
      places,
      `${FAULT_WORDS[fault.kind]} on ${fault.node} lets ${andList(outcome.holders)} hold ${what} at the same time`,
      'see the other findings: they do not hear each other',
    ),
  ]
}
