import type { Fault, FaultKind } from '../proof/model.ts'
import type { Position } from '../spec/problem.ts'
import { either } from '../spec/shown.ts'
import { andList, finding } from './evidence.ts'
import { FAULT_WORDS } from './fault-words.ts'
import type { RuleFinding } from './finding.ts'
import { type Why, whatNotices } from './why-it-stays.ts'

/** What one row of a takeover table says against one group of addresses. */
export type Claim = { addresses: readonly string[]; places: readonly Position[] } & (
  | (Why & { kind: 'stays'; faults: readonly FaultKind[]; nodes: readonly string[]; isSure: boolean })
  | { kind: 'left behind'; node: string; others: readonly string[] }
  | { kind: 'two'; fault: Fault; holders: readonly string[] }
  | {
      kind: 'nobody'
      faults: readonly Fault[]
      holder: string | undefined
      oneOf: readonly string[]
      could: readonly string[]
    }
)
type Of<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>

/** Claims that differ only in the address, the fault or the node become one finding, with the places of all. */
export function findingsOf(claims: readonly Claim[]): RuleFinding[] {
  const of = <Kind extends Claim['kind']>(kind: Kind): Of<Kind>[] =>
    claims.filter((claim): claim is Of<Kind> => claim.kind === kind)
  return [...stays(of('stays')), ...of('nobody').map(nobody), ...two(of('two')), ...leftBehind(of('left behind'))]
}

function stays(claims: readonly Of<'stays'>[]): RuleFinding[] {
  const byAddress = joined(claims, ({ rule, reason, fix, nodes, faults }) => [rule, reason, fix, nodes, faults])
  const byFault = joined(byAddress, ({ rule, reason, fix, nodes, addresses }) => [rule, reason, fix, nodes, addresses])
  // Who of equals has it is not known, so each of them may be the one.
  const byNode = joined(byFault, (claim) => [
    claim.rule,
    claim.faults,
    claim.addresses,
    claim.isSure ? claim.nodes : bare(claim),
  ])
  return byNode.map((claim) => {
    const { rule, faults, nodes, reason, fix, isSure, places } = claim
    const what = andList(claim.addresses)
    const said = either(faults.map((kind) => FAULT_WORDS[kind]))
    const where = isSure ? `leaves ${what} on ${andList(nodes)}` : `leaves ${what} there, if that node has it`
    const message = `${said} on ${either(nodes)} ${where}: ${isSure ? reason : bare(claim)}`
    return finding(rule, 'error', places, message, fix ?? whatNotices(faults))
  })
}

/** Without the nodes that could serve it instead: for equals that is everybody else. */
function bare({ reason }: Why): string {
  return reason.replace(/, and \S.* could serve it$/, '')
}

/** Those with the same key as one, with the addresses, faults, nodes and places of all. */
function joined(claims: readonly Of<'stays'>[], key: (claim: Of<'stays'>) => unknown): Of<'stays'>[] {
  const groups = new Map<string, Of<'stays'>>()
  for (const claim of claims) {
    const text = JSON.stringify(key(claim))
    const known = groups.get(text)
    groups.set(
      text,
      known === undefined
        ? claim
        : {
            ...known,
            addresses: union(known.addresses, claim.addresses),
            faults: union(known.faults, claim.faults),
            nodes: union(known.nodes, claim.nodes),
            places: [...known.places, ...claim.places],
          },
    )
  }
  return [...groups.values()]
}

function union<T>(some: readonly T[], more: readonly T[]): T[] {
  return [...new Set([...some, ...more])]
}

function nobody({ faults, holder, oneOf, could, addresses, places }: Of<'nobody'>): RuleFinding {
  const told = faults.map(({ kind, node }) => `${FAULT_WORDS[kind]} on ${node}`)
  const has = holder ?? (oneOf.length > 0 ? either(oneOf) : 'nobody')
  return finding(
    'TAKEOVER',
    'error',
    places,
    `with ${andList(told)}, ${has} has ${andList(addresses)}, although ${andList(could)} could serve it`,
    'see the other findings',
  )
}

function two(claims: readonly Of<'two'>[]): RuleFinding[] {
  const groups = Map.groupBy(claims, ({ holders, addresses }) => JSON.stringify([holders, addresses]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const told = group.map(({ fault: { kind, node } }) => `${FAULT_WORDS[kind]} on ${node}`)
    return [
      finding(
        'TWO-HOLDERS',
        'error',
        first.places,
        `${either(told)} lets ${andList(first.holders)} hold ${andList(first.addresses)} at the same time`,
        'see the other findings: they do not hear each other',
      ),
    ]
  })
}

/** The unit of keepalived is not among the files, so that it may be cared for; hence a note. */
function leftBehind(claims: readonly Of<'left behind'>[]): RuleFinding[] {
  const [first] = claims
  if (first === undefined) return []
  const nodes = [...new Set(claims.map(({ node }) => node))]
  const addresses = andList([...new Set(claims.flatMap((claim) => claim.addresses))])
  const others = nodes.length === 1 ? andList([...new Set(claims.flatMap((claim) => claim.others))]) : 'another node'
  return [
    finding(
      'TWO-HOLDERS',
      'note',
      claims.flatMap(({ places }) => places),
      `keepalived killed on ${either(nodes)} leaves ${addresses} there, and ${others} takes over as well, unless something starts it again at once`,
      'Restart=always and RestartSec=100ms in its unit (systemctl edit keepalived): when it starts again, it takes off what it left behind',
    ),
  ]
}
